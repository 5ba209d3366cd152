// What a JIT older than the listed versions does otherwise: how many registers every prologue saves, and which newer
// instruction forms it takes for older ones, whose opcode they share.

import { ROWS } from "../../spec/bpf/isa.js";
import type { Subject } from "../subject.js";
import type { TypedImage } from "./kernel-image.js";

/** Since 6.6 whatever a JIT takes it takes for what it is. */
const FIRST_STRICT = 6006;

export function isStrict({ release }: Pick<TypedImage, "release">): boolean {
  const [, major = "0", minor = "0"] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major) * 1000 + Number(minor) >= FIRST_STRICT;
}

/** Moves to another address space: those of memory per CPU, and of arenas. */
const MOVES: ReadonlySet<string> = new Set(["percpu address", "cast user", "cast kernel"]);

/** By id of a form, the older one that it is taken for where only the opcode is looked at: `offset` and `imm` tell them apart. */
export const TAKEN_FOR: ReadonlyMap<string, string> = new Map(
  ROWS.flatMap(({ id }): (readonly [string, string])[] => {
    const suffix = id.replace(/^\S+/, "");
    if (/^movsx\d* /.test(id)) return [[id, id.startsWith("movsx32") ? "mov32 reg" : "mov reg"]];
    if (MOVES.has(id)) return [[id, "mov reg"]];
    // The address of a function, of which later ones make as many words whatever it is.
    if (id === "lddw code") return [[id, "lddw imm64"]];
    if (id.startsWith("sdiv") || id.startsWith("smod")) return [[id, id.slice(1)]];
    if (/^(load acquire|store release) (w|dw)$/.test(id)) return [[id, id.endsWith(" dw") ? "lock add" : "lock add32"]];
    if (!id.startsWith("lock ") || /^lock add(32)?$/.test(id)) return [];
    return [[id, suffix.endsWith("32") ? "lock add32" : "lock add"]];
  }),
);

/** STP of a pair into what it makes room for: STP Xt1, Xt2, [SP, #-16]!. */
const isPush = (word: number): boolean => (word & 0xffff_83e0) >>> 0 === 0xa9bf_03e0;
/** The frame record, and the tail-call counter with what is saved beside it. */
const LINKAGE_PAIRS = 2;

/**
 * @param words of the prologue of a program that uses no register
 * @returns the shape of a frame whose prologue always saves the same; undefined where it saves what is used
 */
export function fixedFrame(words: Uint32Array): Subject["frameOf"] | undefined {
  const pairs = words.filter(isPush).length - LINKAGE_PAIRS;
  if (pairs <= 0) return undefined;
  const pushed: ReturnType<Subject["frameOf"]>["pushed"] = Array.from({ length: pairs }, () => PAIR);
  return ({ stackDepth }) => ({ pushed, stackBytes: (stackDepth + 15) & ~15 });
}
const PAIR = [19, 20] as unknown as ReturnType<Subject["frameOf"]>["pushed"][number];
