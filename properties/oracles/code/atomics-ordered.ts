// Order and registers of atomic operations: fetching ones are fully ordered, and the registers of a store-exclusive are
// three different ones, none of which its load-exclusive overwrites before it is used. A machine without other CPUs in
// the middle of an instruction cannot show any of it.

import type { A64Insn } from "../../../spec/a64/insn.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { slotInsns } from "./compiled-code.js";

const isBarrier = (insn: A64Insn | undefined): boolean =>
  insn?.kind === "barrier" && insn.op === "dmb" && insn.option === 11;

export const atomicsOrdered = codeOracle({
  name: "atomics-ordered",
  statement:
    "Atomics that fetch are fully ordered and others not at all, and no register of an exclusive loop overwrites another.",
  source:
    "linux v6.12 Documentation/atomic_t.txt; arch/arm64/net/bpf_jit_comp.c, emit_lse_atomic(), emit_ll_sc_atomic()",
  slots: {
    kinds: ["atomic"],
    rule: (code, { row }, pc) => {
      if (row.kind !== "atomic") return PASS;
      const insns = slotInsns(code, pc);
      const single = insns.find((insn) => insn?.kind === "atomicMemory" || insn?.kind === "compareAndSwap");
      if (single?.kind === "atomicMemory" || single?.kind === "compareAndSwap") {
        const ordered = single.acquire && single.release;
        return ordered === row.fetch
          ? PASS
          : [row.fetch ? "is not both acquire and release" : "is acquire/release, which this operation does not need"];
      }
      return [...exclusive(insns, row.fetch)];
    },
  },
});

function* exclusive(insns: readonly (A64Insn | undefined)[], fetch: boolean): Generator<string> {
  const load = insns.find((insn) => insn?.kind === "loadExclusive");
  const store = insns.find((insn) => insn?.kind === "storeExclusive");
  if (load?.kind !== "loadExclusive" || store?.kind !== "storeExclusive") {
    yield "is neither one instruction nor a loop of exclusive accesses";
    return;
  }
  if (load.rn !== store.rn || load.width !== store.width) yield "load and store differ in address or width";
  if (store.rs === store.rt || store.rs === store.rn) yield "the status overwrites data or address";
  if (load.rt === load.rn) yield "the load overwrites the address";
  if (fetch && !store.release) yield "the store does not release";
  if (fetch && !isBarrier(insns.at(-1))) yield "does not end with a barrier";
  if (!fetch && (store.release || insns.some(isBarrier)))
    yield "is acquire/release, which this operation does not need";
}
