// Every oracle that is not about code alone, on a history that is right and on the same one with something broken.

import { expect, test } from "vitest";
import type { RoAddr, Va } from "../../machine/address.js";
import { NOP } from "../../spec/a64/hints.js";
import type { ImplKernel } from "../../subjects/impl/kernel.js";
import type { Step, TraceEvent } from "../../subjects/step.js";
import type { SubjectKernel } from "../../subjects/subject.js";
import { BASE, breaches, IMAGE, LOAD, replaceWords, type Sabotage, smallPacks, word } from "../../testing/sabotage.js";
import { CODE_ORACLES } from "./code/index.js";
import { ORACLES } from "./index.js";

/** Sabotage is about our own allocator and account. */
const impl = (kernel: SubjectKernel): ImplKernel => kernel as ImplKernel;

const without =
  (...kinds: TraceEvent["kind"][]) =>
  (step: Step): Step => ({ ...step, events: step.events.filter(({ kind }) => !kinds.includes(kind)) });
const withoutLock =
  (lock: string) =>
  (step: Step): Step => ({ ...step, events: step.events.filter((e) => !("lock" in e) || e.lock !== lock) });

const SABOTAGE: readonly Sabotage[] = [
  {
    name: "exec-match",
    actions: `${LOAD}\nrun #0 on cpu 1`,
    // add x7, x7, #1
    before: replaceWords(0x9100_04e7, NOP),
    says: "#0 on CPU 1 returned 1, expected 9",
  },
  {
    name: "aapcs64-contract",
    actions: `${LOAD}\nrun #0 on cpu 1`,
    // ldp xzr, x26, [sp], #16 and add sp, sp, #16
    before: replaceWords(0xa8c1_6bff, 0x9100_43ff),
    says: "#0 on CPU 1: AAPCS64: x26 must be preserved",
  },
  {
    name: "no-stale-fetch",
    actions: `${LOAD}\nrun #0 on cpu 1`,
    before: ({ machine }) => {
      const alias = machine.mapFixmap(machine.mapping(IMAGE)!.frame);
      machine.write32(alias + 8, machine.peek32(IMAGE));
      machine.unmapFixmap();
    },
    says: "CPU 1 runs #0, but 0x800083010008 is stored and not cleaned from the data cache",
  },
  {
    name: "relative-to-ro",
    actions: LOAD,
    // ldr x10, .+8 and ldr x10, .+12
    after: replaceWords(0x5800_004a, 0x5800_006a),
    says: "word 22 of the image at 0x800083010008 refers to 0x80008301006c, which is not its own",
  },
  {
    name: "ro-immutable",
    actions: LOAD,
    after: ({ machine }) => machine.poke(IMAGE, word(NOP)),
    says: "0x800083010008 holds 0x1f, expected 0xc9",
  },
  {
    name: "ro-immutable",
    actions: LOAD,
    alter: withoutLock("patchLock"),
    says: "0x800083010000 is changed outside a poke",
  },
  {
    name: "w-xor-x",
    actions: LOAD,
    after: ({ machine }) => machine.setPermission(BASE, machine.pageBytes, "rw"),
    says: "0x800083010000 may still be rox in a TLB",
  },
  {
    name: "w-xor-x",
    actions: LOAD,
    alter: without("unmap", "invalidateTlb"),
    says: "event 22: the writable alias is still mapped when patchLock is released",
  },
  {
    name: "freed-is-illegal",
    actions: LOAD,
    after: ({ machine }) => machine.poke(BASE + 4, word(NOP)),
    says: "0x800083010004, slack of a live image, is not the illegal instruction",
  },
  {
    name: "freed-is-illegal",
    actions: `${LOAD}\nload #1 (r0 = 1 .., 2 insns)\nfree #0`,
    after: ({ machine }) => machine.poke(BASE + 64, word(NOP)),
    says: "0x800083010040, freed, is not the illegal instruction",
  },
  {
    name: "flush-covers-writes",
    actions: LOAD,
    alter: without("flush", "clean"),
    says: "0 flushes after a poke, expected 1",
  },
  {
    name: "flush-covers-writes",
    actions: LOAD,
    alter: without("contextSync"),
    says: "128 bytes at 0x800083010000 were invalidated in the instruction cache, but not every CPU synchronized after that",
  },
  {
    name: "allocator-matches-model",
    actions: `${LOAD}\nload #1 (r0 = 1 .., 2 insns)`,
    before: ({ kernel }) => kernel.packs.bpfProgPackAlloc(64),
    says: "function 0 of #1 is at 0x8000830100c0, expected 0x800083010080",
  },
  {
    name: "no-overlap",
    actions: `${LOAD}\nload #1 (r0 = 1 .., 2 insns)`,
    before: ({ kernel }) => impl(kernel).packs.packs[0]!.bitmap.clear(0, 1),
    alter: (step) => {
      if (step.result.kind !== "loaded") return step;
      const { live } = step.result;
      const regions = live.regions.map((region) => ({ ...region, header: BASE + 64 }));
      return { ...step, result: { ...step.result, live: { ...live, regions } } };
    },
    says: "0x800083010040+128 overlaps 0x800083010000+128",
  },
  {
    name: "pack-returned-when-empty",
    actions: `${LOAD}\nfree #0`,
    before: ({ kernel }) => kernel.packs.bpfProgPackAlloc(64),
    says: "the pack at 0x800083010000 is empty",
  },
  {
    name: "accounting-balanced",
    actions: `${LOAD}\nfree #0`,
    before: ({ kernel }) => {
      impl(kernel).modmem.bpfJitUnchargeModmem = () => {};
    },
    says: "128 bytes are charged, 0 are live",
  },
  {
    name: "no-leak",
    actions: LOAD,
    before: ({ machine }) => machine.kvmalloc(8),
    says: "2 heap objects, expected 1: one for each pack and each trampoline",
  },
  {
    name: "fallback-is-clean",
    actions: `${LOAD}; kvmalloc 2 fails`,
    before: ({ machine }) => {
      machine.kvfree = () => {};
    },
    says: "heapObjects: 1 after the failed load, 0 before",
  },
  {
    name: "lock-discipline",
    actions: LOAD,
    alter: withoutLock("packMutex"),
    says: "event 3: alloc of executable memory without packMutex",
  },
  {
    name: "lock-discipline",
    actions: LOAD,
    before: ({ machine }) => machine.packMutex.acquire(),
    says: "badLock at 0x0: CPU 0 takes packMutex, which CPU 0 holds",
  },
  {
    name: "exec-match",
    actions: `${LOAD}\nattach #0 (fmod_ret recorder, fexit recorder)\nrun #0 on cpu 1`,
    // The branch over the function is taken whatever fmod_ret answers: cbnz x10, .+36 becomes b .+36.
    before: ({ machine, tramps }) => {
      const { image, codeBytes } = tramps.get(0)!.region;
      for (let at: Va = image; at < image + codeBytes; at += 4) {
        const insn = machine.peek32(at);
        if (insn >>> 24 === 0xb5) machine.poke(at, word(0x1400_0000 + ((insn >>> 5) & 0x7ffff)));
      }
    },
    says: "#0 on CPU 1 returned 0, expected 9",
  },
  {
    name: "exec-match",
    actions: `${LOAD}\nattach #0 (fexit recorder)\nrun #0 on cpu 1`,
    // The result is stored where nobody looks: str x0, [sp, #32].
    before: ({ machine, tramps }) => {
      const { image, codeBytes } = tramps.get(0)!.region;
      for (let at: Va = image; at < image + codeBytes; at += 4)
        if (machine.peek32(at) === 0xf900_13e0) machine.poke(at, word(NOP));
    },
    says: ", expected 9",
  },
  {
    name: "exec-match",
    actions: `${LOAD}\nattach #0 (fentry recorder)\nrun #0 on cpu 1`,
    before: ({ machine }) => machine.poke(IMAGE + 4, word(NOP)),
    says: "#0 on CPU 1: step 1 is none, expected enter 1. fentry recorder with cookie 0",
  },
  {
    name: "exec-match",
    actions: "load #0 (the program below)\n  *(u64 *)(r1 + 0) = 5\n  r0 = 1\n  exit\nrun #0 on cpu 1",
    // str x10, [x0]
    before: replaceWords(0xf900_000a, NOP),
    says: "#0 on CPU 1: context[0] is 0x00, expected 0x05",
  },
  {
    name: "fallback-is-clean",
    actions: LOAD,
    alter: (step) => {
      const error = { kind: "unknownOpcode", pc: 0, opcode: 0 } as const;
      return { ...step, result: { kind: "refused", error, index: 0, functions: [], given: [], bytes: 0 } };
    },
    says: "the load is refused, though nothing failed: pc 0: ",
  },
  {
    name: "fallback-is-clean",
    // Of two programs the second is refused. The first points to code, and is thrown away with it.
    actions: "load #0 (the program below); kvmalloc 5 fails\n  r0 = 0\n  exit\n\n  program 1:\n  r0 = 1\n  exit",
    alter: ({ result, ...step }) => {
      if (result.kind !== "refused") throw new Error("it is loaded");
      return { ...step, result: { ...result, functions: result.given } };
    },
    says: "it still points to 0x800083010008",
  },
  {
    name: "relative-to-ro",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    alter: (step) => ({ ...step, added: { ...step.added!, targets: [] } }),
    says: "which is not its own",
  },
  {
    name: "allocator-matches-model",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    before: ({ kernel }) => kernel.packs.bpfProgPackAlloc(64),
    says: "the trampoline of #0 is at 0x8000830100c0, expected 0x800083010080",
  },
  {
    name: "accounting-balanced",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    before: ({ kernel }) => {
      impl(kernel).modmem.bpfJitChargeModmem = () => 0;
    },
    says: "128 bytes are charged, 312 are live",
  },
  {
    name: "accounting-balanced",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    before: ({ kernel }) => {
      impl(kernel).modmem.bpfJitChargeModmem = () => -1;
    },
    says: "a trampoline of 184 bytes is refused, though",
  },
  {
    name: "no-leak",
    actions: `${LOAD}\nattach #0 (fentry recorder)\ndetach #0`,
    before: ({ machine }) => {
      machine.kvfree = () => {};
    },
    says: "2 heap objects, expected 1: one for each pack and each trampoline",
  },
  {
    name: "fallback-is-clean",
    actions: `${LOAD}\nattach #0 (fentry recorder); copy 1 fails`,
    before: ({ machine }) => {
      machine.kvfree = () => {};
    },
    says: "heapObjects: 3 after the failed attach, 1 before",
  },
  {
    name: "fallback-is-clean",
    actions: `${LOAD}\nattach #0 (fentry recorder)\ndetach #0`,
    before: ({ machine }) => machine.poke(IMAGE + 4, word(NOP)),
    says: "the detach is refused, though nothing failed",
  },
  {
    name: "lock-discipline",
    actions: `${LOAD}\nattach #0 (fexit recorder)\ndetach #0`,
    alter: withoutLock("textMutex"),
    says: "an instruction is replaced without textMutex",
  },
  {
    name: "lock-discipline",
    actions: `${LOAD}\nattach #0 (fexit recorder)\ndetach #0`,
    alter: withoutLock("packMutex"),
    says: "freed room is made illegal without packMutex",
  },
  {
    name: "flush-covers-writes",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    alter: without("flush"),
    says: "0 flushes after a poke, expected 1",
  },
  {
    name: "freed-is-illegal",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    after: ({ machine, tramps }) => machine.poke(tramps.get(0)!.region.image + 184, word(NOP)),
    says: "slack of a live image, is not the illegal instruction",
  },
  {
    name: "freed-is-illegal",
    actions: `${LOAD}\nattach #0 (fentry recorder)\ndetach #0`,
    after: ({ machine }, { removed }) => machine.poke(removed[0]!.region.image, word(NOP)),
    says: "freed, is not the illegal instruction",
  },
  {
    name: "ro-immutable",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    after: ({ machine, tramps }) => machine.poke(tramps.get(0)!.region.image, word(NOP)),
    says: "holds 0x1f, expected 0xfd",
  },
  {
    name: "pack-returned-when-empty",
    actions: `${LOAD}\nattach #0 (fentry recorder)\ndetach #0`,
    after: ({ regions }) => regions.clear(),
    says: "the pack at 0x800083010000 is empty",
  },
  {
    name: "w-xor-x",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    alter: without("unmap", "invalidateTlb"),
    says: "the writable alias is still mapped when patchLock is released",
  },
  {
    name: "no-crash",
    actions: `${LOAD}\nload #1 (r0 = 1 .., 2 insns)\nfree #0`,
    before: ({ kernel }) => kernel.packs.bpfProgPackFree((BASE + 64) as RoAddr, 64),
    says: "chunks 0+2 are freed but not all taken",
  },
  {
    name: "poke-atomic",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    alter: (step) => ({ ...step, patches: step.patches.map((patch) => ({ ...patch, before: 0x9100_04e7 })) }),
    says: "the old instruction 0x910004e7 may not be replaced while it runs",
  },
  {
    name: "poke-atomic",
    actions: `${LOAD}\nattach #0 (fentry recorder)`,
    // The word before a program that was removed still leads to it.
    alter: (step) => ({
      ...step,
      skips: step.patches.map(({ id }) => {
        const [before, after] = [0xd503_201f, 0x1400_0003];
        return { id, va: BASE + 4096, before, after, error: 0, now: before, until: 0 };
      }),
    }),
    says: "holds 0xd503201f after the poke, expected 0x14000003",
  },
  {
    name: "no-stale-fetch",
    actions: LOAD,
    after: ({ machine }) => {
      const alias = machine.mapFixmap(machine.mapping(IMAGE)!.frame);
      machine.write32(alias + 64, machine.peek32(BASE + 64));
      machine.unmapFixmap();
    },
    says: "CPU 0 cannot run 0x800083010000+128: 0x800083010040 is stored and not cleaned from the data cache",
  },
  {
    name: "no-overlap",
    actions: LOAD,
    after: ({ live }) => {
      Object.assign(live.get(0)!.regions[0]!, { bytes: 64 });
    },
    says: "0x800083010000+64 has code up to 112",
  },
];

test.each(SABOTAGE.map((s) => ({ ...s, title: `${s.name}: ${s.says}` })))("$title", (sabotage) => {
  expect(breaches(sabotage, false)).toEqual([]);
  expect(breaches(sabotage, true)[0]).toContain(sabotage.says);
});

test("every oracle is shown to fail, and says where it comes from", () => {
  // Those of code are in code/loaded.test.ts.
  const shown = new Set([...SABOTAGE, ...CODE_ORACLES].map(({ name }) => name));
  expect(ORACLES.filter(({ name }) => !shown.has(name)).map(({ name }) => name)).toEqual([]);
  for (const { statement, source } of ORACLES) {
    expect(statement).toMatch(/^[A-Z].*\.$/);
    expect(source.length).toBeGreaterThan(10);
  }
});

test("a sweep sees what no step has touched", () => {
  const session = smallPacks();
  session.step({
    kind: "load",
    id: 0,
    program: { first: 1, insns: 2, subprograms: 0, probes: 0 },
    fails: [],
    others: [],
  });
  const swept = (): string[] => ORACLES.flatMap((oracle) => oracle.sweep?.(session) ?? []);
  expect(swept()).toEqual([]);
  session.machine.poke(BASE + 4096, word(NOP));
  expect(swept()).toEqual([
    "0x800083011000 holds 0x1f, expected 0x0",
    "0x800083011000, room of no program, is not the illegal instruction",
  ]);
});
