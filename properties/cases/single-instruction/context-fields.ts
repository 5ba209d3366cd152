// Fields of contexts as programs: each is loaded and, where programs may, stored, with a value that fills it. Few instructions of
// a drawn program access a field, and a field that the kernel keeps in less than programs see is one in ten of them.

import { structureOf } from "../../../spec/bpf/context-fields.js";
import { insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import type { Case } from "../../../subjects/case.js";
import { ENV, EXIT, ONE, R0, SET } from "./watched.js";

const LOADS = { 1: rowById("ldxb"), 2: rowById("ldxh"), 4: rowById("ldxw"), 8: rowById("ldxdw") } as const;
const STORES = { 1: rowById("stxb"), 2: rowById("stxh"), 4: rowById("stxw"), 8: rowById("stxdw") } as const;
const CONSTANTS = { 1: rowById("stb"), 2: rowById("sth"), 4: rowById("stw"), 8: rowById("stdw") } as const;
const [CONTEXT, VALUE] = [1, 2];
const FILLS = 0x7654_3210;
/** Objects of the kernel that programs get pointers to. */
const OBJECTS = ["sk", "flow_keys"];

type Size = keyof typeof LOADS;
const isSize = (bytes: number): bytes is Size => Object.hasOwn(LOADS, bytes);

/** Every program. */
export const contextFields = (): readonly Case[] =>
  (["skb", "xdp"] as const).flatMap((context) =>
    (structureOf(context)?.fields ?? []).flatMap(({ name, bytes, offset: off, sort, isWritable }) => {
      const size = isSize(bytes) ? bytes : 4;
      const load = insn(LOADS[size], { dst: R0, src: CONTEXT, off });
      if (OBJECTS.includes(name) || sort === "packet") return [];
      const stores =
        isWritable === true
          ? [
              [insn(SET, { dst: VALUE, imm: FILLS }), insn(STORES[size], { dst: CONTEXT, src: VALUE, off }), load],
              [insn(CONSTANTS[size], { dst: CONTEXT, off, imm: ~FILLS }), load],
            ]
          : [];
      return [...stores, [load]].map(
        (insns): Case => ({ program: { code: [[...insns, EXIT]], maps: [], context }, inputs: ONE, env: ENV }),
      );
    }),
  );
