// Which helper each call of a recorded program means. The kernel shows a call as the distance of its function, which
// says nothing to us, and has put other instructions in place of some calls; so calls as loaded and calls as shown are
// matched one by one, in program order.

import type { LoweredFunction } from "../../impl/verifier/rewrite.js";
import { HELPERS, MAP_LOOKUP, TAIL_CALL } from "../../spec/bpf/helpers.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { helperOffset } from "../../subjects/lowering.js";
import { HASH_ELEMENT_HELPER } from "../../subjects/run/helper-traps.js";
import { ARRAY_HEADER_BYTES, HASH_ELEMENT_HEADER_BYTES } from "../../subjects/run/layout.js";

export type Matched =
  | { readonly ok: true; readonly functions: readonly LoweredFunction[] }
  /** Why the program cannot run here. */
  | { readonly ok: false; readonly why: string };

/** Point the calls of `functions` at our models of the helpers that the program called when it was loaded. */
export function matchHelperCalls(asLoaded: readonly Insn[], functions: readonly LoweredFunction[]): Matched {
  const foreign = asLoaded.find(isForeignCall);
  if (foreign !== undefined) return refuse(`${calleeOf(foreign)} is not modelled`);
  const ids = asLoaded.filter(isHelperCall).map(({ imm }) => imm);
  const places = functions.flatMap(({ insns }, index) =>
    [...insns.keys()].flatMap((pc) => {
      const form = formAt(insns, pc);
      return form === undefined ? [] : [{ index, pc, form }];
    }),
  );
  if (ids.length !== places.length) {
    return refuse(`${ids.length} helper calls as loaded, ${places.length} as seen by the JIT`);
  }
  const matched = functions.map((fn) => ({ ...fn, insns: [...fn.insns] }));
  for (const [i, { index, pc, form }] of places.entries()) {
    const id = ids[i]!;
    if (form !== "call" && id !== MAP_LOOKUP)
      return refuse(`helper ${id} as loaded, an inlined lookup as seen by the JIT`);
    const { insns } = matched[index]!;
    const slot = insns[pc]!;
    if (form === "arrayLookup" || (slot.imm === id && INLINED_BY_JIT.has(id))) continue;
    insns[pc] = { ...slot, imm: helperOffset(form === "hashLookup" ? HASH_ELEMENT_HELPER : id) };
  }
  return { ok: true, functions: matched };
}

const refuse = (why: string): Matched => ({ ok: false, why });

/** Helpers that are called by number and in whose place the JIT puts a load. */
const INLINED_BY_JIT: ReadonlySet<number> = new Set([8]);

const isHelperCall = ({ row, imm }: Insn): boolean => row.id === "call helper" && imm !== TAIL_CALL;
const isForeignCall = (slot: Insn): boolean =>
  isHelperCall(slot) ? !HELPERS.has(slot.imm) : slot.row.kind === "call" && slot.row.target === "kfunc";
const calleeOf = ({ row, imm }: Insn): string => (row.id === "call helper" ? `helper ${imm}` : "a kernel function");

/** What was a helper call before the verifier: a call still, or the first slot of an inlined lookup. */
function formAt(insns: readonly Insn[], pc: number): "call" | "arrayLookup" | "hashLookup" | undefined {
  if (insns[pc]?.row.id === "call helper") return isHashLookup(insns, pc) ? "hashLookup" : "call";
  return isArrayLookup(insns, pc) ? "arrayLookup" : undefined;
}

/**
 * `r1 += 264; r0 = *(u32 *)(r2 + 0); if r0 >= ENTRIES goto ...`
 *
 * @source linux v6.12 kernel/bpf/arraymap.c, array_map_gen_lookup()
 */
function isArrayLookup(insns: readonly Insn[], pc: number): boolean {
  const [add, load, check] = insns.slice(pc, pc + 3);
  const isAdd = add?.row.id === "add imm" && add.dst === 1 && add.imm === ARRAY_HEADER_BYTES;
  const isLoad = load?.row.id === "ldxw" && load.dst === 0 && load.src === 2 && load.off === 0;
  return isAdd && isLoad && check?.row.id === "jge imm" && check.dst === 0;
}

/**
 * The call gives an element, and `if r0 == 0 goto +1; r0 += 56` makes its value of it.
 *
 * @source linux v6.12 kernel/bpf/hashtab.c, htab_map_gen_lookup()
 */
function isHashLookup(insns: readonly Insn[], pc: number): boolean {
  const [check, add] = insns.slice(pc + 1, pc + 3);
  const isCheck = check?.row.id === "jeq imm" && check.dst === 0 && check.imm === 0 && check.off === 1;
  return isCheck && add?.row.id === "add imm" && add.dst === 0 && add.imm === HASH_ELEMENT_HEADER_BYTES;
}
