// The fields of `struct xdp_md` and `struct __sk_buff` as programs see them, and where the kernel keeps what they stand
// for. Offsets and sizes that programs see are those of the UAPI; places in the kernel's structures are ours, since those
// differ from kernel to kernel, and widths and the pointers on the way are the kernel's. The verifier rewrites each
// access by this table, and the interpreter reads and writes by it.

import type { ContextKind } from "./program.js";

interface ContextField {
  /** As the UAPI spells it. */
  readonly name: string;
  /** In the structure that programs see, in bytes. */
  readonly offset: number;
  readonly bytes: number;
  /** Where the kernel keeps it: bytes from the start of its structure, or of what the last of `via` points to. */
  readonly at: number;
  /** Bytes that the kernel keeps; 8 for a pointer. */
  readonly width: 1 | 2 | 4 | 8;
  /** Places of the pointers that lead there, the first of them in the kernel's structure. */
  readonly via?: readonly number[] | undefined;
  /** `packet`: a pointer to or into the packet. `any`: programs read and write any part of it as bytes. */
  readonly sort?: "packet" | "any" | undefined;
  /** What of the kernel it points to, where packets here have none: 0 unless a case sets it. */
  readonly pointsTo?: string | undefined;
  /** Programs may write it, whole. */
  readonly isWritable?: boolean | undefined;
}

/** With all fields there are, in one order: every access to a context looks for its own among them. */
const ofOneShape = (fields: readonly ContextField[]): readonly ContextField[] =>
  fields.map(({ name, offset, bytes, at, width, via, sort, pointsTo, isWritable }) => {
    return { name, offset, bytes, at, width, via, sort, pointsTo, isWritable };
  });

/** A structure of the kernel with what its pointers lead to, all of it in one piece. */
export interface ContextStructure {
  readonly bytes: number;
  readonly fields: readonly ContextField[];
  /** Places of pointers -> the place in the piece that each points to. */
  readonly pointers: ReadonlyMap<number, number>;
  /** Places of the pointers to the packet. */
  readonly packet: { readonly data: number; readonly dataEnd: number; readonly dataMeta: number };
}

const four = (name: string, offset: number, at: number, width: 1 | 2 | 4 = 4): ContextField => ({
  ...{ name, offset, bytes: 4, at, width },
});
const pointer = (name: string, offset: number, at: number): ContextField => ({
  ...{ name, offset, bytes: 4, at, width: 8, sort: "packet" },
});
const writable = (field: ContextField): ContextField => ({ ...field, isWritable: true });
const through = (field: ContextField, ...via: readonly number[]): ContextField => ({ ...field, via });

/** struct xdp_buff; behind it two of struct xdp_rxq_info and xdp_txq_info, and the device of each. */
const RXQ = { pointer: 32, at: 56, device: 80 } as const;
const TXQ = { pointer: 40, at: 72, device: 88 } as const;
const XDP: ContextStructure = {
  bytes: 96,
  fields: ofOneShape([
    pointer("data", 0, 0),
    pointer("data_end", 4, 8),
    pointer("data_meta", 8, 16),
    through(four("ingress_ifindex", 12, 0), RXQ.pointer, 0),
    through(four("rx_queue_index", 16, 8), RXQ.pointer),
    through(four("egress_ifindex", 20, 0), TXQ.pointer, 0),
  ]),
  pointers: new Map<number, number>([
    [RXQ.pointer, RXQ.at],
    [RXQ.at, RXQ.device],
    [TXQ.pointer, TXQ.at],
    [TXQ.at, TXQ.device],
  ]),
  packet: { data: 0, dataEnd: 8, dataMeta: 16 },
};

const endOf = (fields: ContextStructure["fields"]): number =>
  Math.max(...fields.map(({ offset, bytes }) => offset + bytes));
/** Where the fields of an xdp context end that are pointers to the packet. */
export const XDP_POINTERS_END = endOf(XDP.fields.filter(({ sort }) => sort === "packet"));

/** struct sk_buff, behind it its device. */
const DEVICE = { pointer: 216, at: 224 } as const;
const CB = { offset: 48, bytes: 20 } as const;
const SKB: ContextStructure = {
  bytes: 232,
  fields: ofOneShape([
    four("len", 0, 0),
    four("pkt_type", 4, 4, 1),
    writable(four("mark", 8, 8)),
    writable(four("queue_mapping", 12, 12, 2)),
    four("protocol", 16, 16, 2),
    four("vlan_present", 20, 20, 1),
    four("vlan_tci", 24, 24, 2),
    four("vlan_proto", 28, 28, 2),
    writable(four("priority", 32, 32)),
    four("ingress_ifindex", 36, 36),
    through(four("ifindex", 40, 0), DEVICE.pointer),
    writable(four("tc_index", 44, 44, 2)),
    { name: "cb", ...CB, at: 48, width: 4, sort: "any", isWritable: true },
    four("hash", 68, 68),
    writable(four("tc_classid", 72, 72, 2)),
    pointer("data", 76, 192),
    pointer("data_end", 80, 200),
    four("napi_id", 84, 84),
    four("family", 88, 88, 2),
    four("remote_ip4", 92, 92),
    four("local_ip4", 96, 96),
    ...[0, 1, 2, 3].map((i) => four(`remote_ip6[${i}]`, 100 + 4 * i, 100 + 4 * i)),
    ...[0, 1, 2, 3].map((i) => four(`local_ip6[${i}]`, 116 + 4 * i, 116 + 4 * i)),
    four("remote_port", 132, 132, 2),
    four("local_port", 136, 136, 2),
    pointer("data_meta", 140, 208),
    { name: "flow_keys", offset: 144, bytes: 8, at: 144, width: 8, pointsTo: "the keys of a flow" },
    { name: "tstamp", offset: 152, bytes: 8, at: 152, width: 8, isWritable: true },
    four("wire_len", 160, 160),
    four("gso_segs", 164, 164, 2),
    { name: "sk", offset: 168, bytes: 8, at: 168, width: 8, pointsTo: "a socket" },
    four("gso_size", 176, 176, 2),
    { name: "tstamp_type", offset: 180, bytes: 1, at: 180, width: 1 },
    { name: "hwtstamp", offset: 184, bytes: 8, at: 184, width: 8 },
  ]),
  pointers: new Map<number, number>([[DEVICE.pointer, DEVICE.at]]),
  packet: { data: 192, dataEnd: 200, dataMeta: 208 },
};

/** What `kind` has; undefined for bytes. */
export const structureOf = (kind: ContextKind): ContextStructure | undefined => STRUCTURES[kind];
const STRUCTURES: Record<ContextKind, ContextStructure | undefined> = {
  memory: undefined,
  tracing: undefined,
  xdp: XDP,
  skb: SKB,
};

/** An access to a field that Linux rewrites: to `size` bytes that begin `low` bytes into the field. */
export interface FieldAccess {
  readonly field: ContextField;
  readonly low: number;
  readonly size: number;
}

/** Only these may be set by a case: the others follow from the input. */
export const isSettable = ({ sort }: ContextField): boolean => sort === undefined;

/** In the others programs find pointers to the packet, and to objects of the kernel. */
export const isNumber = ({ sort, pointsTo }: ContextField): boolean => sort !== "packet" && pointsTo === undefined;

/** The access of `size` bytes at `offset`; undefined for one that no program may make. */
export function fieldAccess(
  kind: ContextKind,
  offset: number,
  size: number,
  how: "load" | "store",
): FieldAccess | undefined {
  const field = structureOf(kind)?.fields.find((one) => offset >= one.offset && offset < one.offset + one.bytes);
  if (field === undefined || offset % size !== 0) return undefined;
  const low = offset - field.offset;
  const isWhole = low === 0 && size === field.bytes;
  if (how === "store" && (field.isWritable !== true || !(isWhole || field.sort === "any"))) return undefined;
  if (field.sort === "packet" && !isWhole) return undefined;
  return low + size <= field.bytes ? { field, low, size } : undefined;
}
