// What a subject takes of BPF: instruction forms, helpers, and what its verifier would refuse in a program whose every
// instruction is known. The generator draws inside it, and whatever lies outside is named before the subject is asked.

import { helperName } from "../spec/bpf/helper-names.js";
import { HELPERS, TAIL_CALL } from "../spec/bpf/helpers.js";
import type { Insn } from "../spec/bpf/insn.js";
import { ROWS, type Row } from "../spec/bpf/isa.js";
import { hasFields, type Program } from "../spec/bpf/program.js";

export interface Dialect {
  /** A kernel loads it: where an image lies, blinding and guards are drawn as well. Default: no. */
  readonly isKernel?: boolean;
  /** Ids of instruction forms. */
  readonly forms: ReadonlySet<string>;
  /** Numbers of helpers. */
  readonly helpers: ReadonlySet<number>;
  /** Maps, which `lddw` names. */
  readonly maps: boolean;
  readonly tailCalls: boolean;
  /** Programs that get a packet, as XDP programs do. */
  readonly packets: boolean;
  readonly loops: boolean;
  /** Pointers into memory may be computed, and kept in the frame. */
  readonly pointers: boolean;
  /** A frame that was not written reads as zero. */
  readonly zeroedFrame: boolean;
  /** Accesses of more than one byte at addresses that are no multiple of their size. */
  readonly unaligned: boolean;
  /** Slots of a program. */
  readonly mostSlots: number;
  /** Of the frame of a main function. */
  readonly stackBytes: number;
  /** Of the frame of a local function. */
  readonly calleeStackBytes: number;
}

/** Forms that every program is made of: whoever lacks one of them cannot be tested with generated programs. */
export const CORE_FORMS = [
  ...["mov imm", "mov reg", "mov32 imm", "add imm", "add reg", "sub imm", "sub reg", "and imm", "xor reg", "or reg"],
  ...["mul imm", "ldxdw", "stxdw", "exit", "ja", "jeq imm", "jne imm", "jgt imm", "lddw imm64", "lddw high"],
] as const;

/** The first of them that is lacking. */
export const missingCore = ({ forms }: Pick<Dialect, "forms">): string | undefined =>
  CORE_FORMS.find((id) => !forms.has(id));

/** All that Linux takes from programs. */
export const LINUX_DIALECT: Dialect = {
  isKernel: true,
  forms: new Set(ROWS.filter(({ group }) => group !== "kernel").map(({ id }) => id)),
  helpers: new Set([...HELPERS.keys(), TAIL_CALL]),
  maps: true,
  tailCalls: true,
  packets: true,
  loops: true,
  pointers: true,
  zeroedFrame: true,
  unaligned: true,
  mostSlots: Number.POSITIVE_INFINITY,
  stackBytes: 512,
  calleeStackBytes: 512,
};

/** What a kernel takes whose JIT has these forms; undefined if that is all of Linux. */
export const kernelDialect = (forms: ReadonlySet<string>): Dialect | undefined => {
  const both = new Set([...LINUX_DIALECT.forms].filter((id) => forms.has(id)));
  return both.size === LINUX_DIALECT.forms.size ? undefined : { ...LINUX_DIALECT, forms: both };
};

/** What a program needs that lies outside; undefined if nothing does. */
export function outside({ code, maps, context }: Program, dialect: Dialect): string | undefined {
  if (hasFields(context) && !dialect.packets) return "packets";
  if (code.length > 1 && !dialect.tailCalls) return "tail calls";
  if (maps.length > 0 && !dialect.maps) return "maps";
  if (code.some(({ length }) => length > dialect.mostSlots)) return `programs of more than ${dialect.mostSlots} slots`;
  for (const insns of code) {
    for (const one of insns) {
      const what = lacking(one, dialect);
      if (what !== undefined) return what;
    }
  }
  return undefined;
}

function lacking({ row, imm }: Insn, { forms, helpers }: Dialect): string | undefined {
  if (!forms.has(row.id)) return `the form ${row.id}`;
  return row.kind === "call" && row.target === "helper" && !helpers.has(imm) ? helperName(imm) : undefined;
}

/** Rows of a table that lie inside. */
export const inside = <R extends Row>(rows: readonly R[], { forms }: Pick<Dialect, "forms">): readonly R[] =>
  rows.filter(({ id }) => forms.has(id));
