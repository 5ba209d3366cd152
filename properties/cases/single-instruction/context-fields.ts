// Fields of contexts as programs: each is loaded and, where programs may, stored, with a value that fills it. Few instructions of
// a drawn program access a field, and a field that the kernel keeps in less than programs see is one in ten of them.

import { LOADS, STORE_IMMS, STORES } from "../../../spec/bpf/access-rows.js";
import { isNumber, structureOf } from "../../../spec/bpf/context-fields.js";
import { insn } from "../../../spec/bpf/insn.js";
import type { Case } from "../../../subjects/case.js";
import { ENV, EXIT, ONE, R0, SET } from "./watched.js";

const [CONTEXT, VALUE] = [1, 2];
const FILLS = 0x7654_3210;

type Size = keyof typeof LOADS;
const isSize = (bytes: number): bytes is Size => Object.hasOwn(LOADS, bytes);

/** Every program. */
export const contextFields = (): readonly Case[] =>
  (["skb", "xdp"] as const).flatMap((context) =>
    structureOf(context)!
      .fields.filter(isNumber)
      .flatMap(({ bytes, offset: off, isWritable }) => {
        const size = isSize(bytes) ? bytes : 4;
        const load = insn(LOADS[size], { dst: R0, src: CONTEXT, off });
        const stores =
          isWritable === true
            ? [
                [insn(SET, { dst: VALUE, imm: FILLS }), insn(STORES[size], { dst: CONTEXT, src: VALUE, off }), load],
                [insn(STORE_IMMS[size], { dst: CONTEXT, off, imm: ~FILLS }), load],
              ]
            : [];
        return [...stores, [load]].map(
          (insns): Case => ({ program: { code: [[...insns, EXIT]], maps: [], context }, inputs: ONE, env: ENV }),
        );
      }),
  );
