// What the name of a section says about the programs in it: their kind, what r1 points to, and how many bytes that has.
// The names are those that libbpf knows and, for older objects, those of iproute2 and of the first loaders. Sizes are
// those of the structures in the UAPI headers of Linux 6.12; for programs that trace, of what any architecture has.

import type { ContextKind } from "../program.js";

interface SectionKind {
  /** As `bpftool` spells it. */
  readonly kind: string;
  /** Names of sections. One that ends with a slash begins names, the others may be followed by a slash and more. */
  readonly sections: readonly string[];
  readonly context: ContextKind;
  /** Bytes of the input where nobody gives one: of the context, or of the packet. */
  readonly inputBytes: number;
}

const PACKET_BYTES = 128;
/** `struct pt_regs` of any architecture, and what BPF programs see of a tracepoint's record or arguments. */
const TRACED_BYTES = 512;

const memory = (kind: string, inputBytes: number, ...sections: readonly string[]): SectionKind => ({
  ...{ kind, sections, context: "memory", inputBytes },
});

/** Only the packet: what its fields say follows. */
const skb = (kind: string, ...sections: readonly string[]): SectionKind => ({
  ...{ kind, sections, context: "skb", inputBytes: PACKET_BYTES },
});
const traced = (kind: string, ...sections: readonly string[]): SectionKind => ({
  ...{ kind, sections, context: "tracing", inputBytes: TRACED_BYTES },
});

/** The first row that fits counts. */
const KINDS: readonly SectionKind[] = [
  { kind: "xdp", sections: ["xdp", "xdp.frags", "xdp_"], context: "xdp", inputBytes: PACKET_BYTES },
  skb("socket_filter", "socket", "socket_filter", "socket1", "socket2", "socket3"),
  skb("sched_cls", "tc", "tcx", "netkit", "classifier", "cls", "from-netdev", "from-container", "to-netdev"),
  skb("sched_cls", "from-host", "to-host", "to-container", "from-overlay", "to-overlay", "from-network"),
  skb("sched_act", "action", "act"),
  skb("cgroup_skb", "cgroup_skb", "cgroup/skb"),
  skb("lwt_in", "lwt_in"),
  skb("lwt_out", "lwt_out"),
  skb("lwt_xmit", "lwt_xmit"),
  skb("lwt_seg6local", "lwt_seg6local"),
  skb("sk_skb", "sk_skb"),
  skb("flow_dissector", "flow_dissector"),
  traced("kprobe", "kprobe", "kretprobe", "ksyscall", "kretsyscall", "uprobe", "uretprobe", "usdt"),
  traced("kprobe", "kprobe.multi", "kretprobe.multi", "kprobe.session", "uprobe.multi", "uretprobe.multi"),
  traced("kprobe", "uprobe.s", "uretprobe.s", "uprobe.multi.s", "uretprobe.multi.s", "uprobe.session"),
  traced("tracepoint", "tracepoint", "tp"),
  traced("raw_tracepoint", "raw_tracepoint", "raw_tp"),
  memory("raw_tracepoint_writable", TRACED_BYTES, "raw_tracepoint.w", "raw_tp.w"),
  traced("tracing", "tp_btf", "fentry", "fmod_ret", "fexit", "freplace", "iter"),
  traced("tracing", "fentry.s", "fmod_ret.s", "fexit.s", "iter.s", "fsession", "fsession.s"),
  traced("lsm", "lsm", "lsm.s", "lsm_cgroup"),
  traced("perf_event", "perf_event"),
  memory("syscall", TRACED_BYTES, "syscall"),
  memory("struct_ops", TRACED_BYTES, "struct_ops", "struct_ops.s"),
  memory("netfilter", TRACED_BYTES, "netfilter"),
  memory("sock_ops", 192, "sockops"),
  memory("sk_msg", 72, "sk_msg"),
  memory("sk_reuseport", 56, "sk_reuseport"),
  memory("sk_lookup", 72, "sk_lookup"),
  memory("cgroup_device", 12, "cgroup/dev"),
  memory("cgroup_sysctl", 8, "cgroup/sysctl"),
  memory("cgroup_sockopt", 40, "cgroup/getsockopt", "cgroup/setsockopt"),
  memory("cgroup_sock", 80, "cgroup/sock", "cgroup/sock_create", "cgroup/sock_release"),
  memory("cgroup_sock", 80, "cgroup/post_bind4", "cgroup/post_bind6"),
  memory("cgroup_sock_addr", 72, "cgroup/"),
];

/** What is not in the table: r1 points to bytes. */
const UNKNOWN: SectionKind = { kind: "unknown", sections: [], context: "memory", inputBytes: TRACED_BYTES };

/** What programs in a section of that name are. A `?` before it only says that loaders leave them alone at first. */
export function kindOfSection(section: string): SectionKind {
  const name = section.replace(/^\?/, "");
  return KINDS.find(({ sections }) => sections.some((known) => fits(known, name))) ?? UNKNOWN;
}

/** Kinds that may run again before they have ended (Linux: bpf_enable_priv_stack). */
const NESTING: ReadonlySet<string> = new Set(["kprobe", "tracepoint", "raw_tracepoint", "perf_event", "tracing"]);
/** What else the table counts among those that trace: programs of another type, or called where they do not nest. */
const NOT_NESTING = ["freplace", "iter", "iter.s"];

/** Whether Linux gives large frames of programs in a section of that name memory of their own. */
export function hasPrivateStacks(section: string): boolean {
  const name = section.replace(/^\?/, "");
  return NESTING.has(kindOfSection(section).kind) && !NOT_NESTING.some((known) => fits(known, name));
}

const fits = (known: string, name: string): boolean =>
  /[/_]$/.test(known) ? name.startsWith(known) : name === known || name.startsWith(`${known}/`);
