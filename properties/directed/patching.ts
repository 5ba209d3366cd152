// Text that is patched: while all CPUs are stopped, and at patch sites. A branch reaches 128 MiB less one instruction ahead
// and 128 MiB behind, whatever is further goes through the jump behind the image, and a site that holds something else is
// left alone.

import { isDeepStrictEqual } from "node:util";
import type { RoAddr } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import type { MachineOptions } from "../../machine/machine.js";
import { BRANCH_REACH } from "../../spec/a64/address.js";
import { NOP } from "../../spec/a64/hints.js";
import { hexWord } from "../../spec/bits.js";
import { linuxIn } from "../../subjects/directed-case.js";
import { type DirectedCase, machineFor, type Subject, type SubjectKernel } from "../../subjects/subject.js";
import { textOf } from "../../subjects/trampoline/kernel-text.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import { TRACED_PROGRAM } from "./traced.js";

/** Where no subject places anything by itself. */
const TEXT = 0x8000_b000_0000 as RoAddr;
const CPUS = 3;
const EFAULT = -14;
const EINVAL = -22;

/** A kernel with a page of text. */
function boot(subject: Subject, options: MachineOptions = {}): SubjectKernel {
  const machine = machineFor(subject, options);
  machine.map(TEXT, machine.pageBytes, "rox", true);
  return subject.boot({ machine, random: () => 0 });
}

const STOPPED_CPUS: DirectedCase = {
  name: "text is patched while all CPUs are stopped",
  check(subject) {
    const kernel = boot(subject, { cpus: CPUS });
    const { machine } = kernel;
    const log = new EventLog();
    machine.onEvent = log.listener;
    const error = kernel.aarch64InsnPatchText([{ addr: TEXT, insn: NOP }]);
    if (error !== 0) return `the patch fails with ${error}`;
    if (boot(subject).aarch64InsnPatchText([]) !== 0) return "nothing to patch is an error";
    const running = new Set(Array.from({ length: CPUS }, (_, cpu) => cpu));
    for (const event of log.events()) {
      if (event.kind === "stopped") running.delete(event.cpu);
      if (event.kind === "resumed") running.add(event.cpu);
      if (event.kind === "write" && running.size > 0) return `CPU ${[...running][0]} runs while text is written`;
    }
    for (let cpu = 0; cpu < CPUS; cpu++) {
      const problem = machine.fetch(cpu, TEXT, 4);
      if (problem !== undefined) return `CPU ${cpu} goes on with what it had fetched before: ${problem.why}`;
    }
    return machine.peek32(TEXT) === NOP ? undefined : "the word is not patched";
  },
};

const SEVERAL: DirectedCase = {
  name: "several words are patched at once, up to the first that cannot be",
  check(subject) {
    const at = (words: number): RoAddr => (TEXT + 4 * words) as RoAddr;
    const kernel = boot(subject);
    const { machine } = kernel;
    const all = [0, 1, 2].map((words) => ({ addr: at(words), insn: NOP }));
    const error = kernel.aarch64InsnPatchText(all);
    if (error !== 0) return `three patches fail with ${error}`;
    const unpatched = all.findIndex(({ addr }) => machine.peek32(addr) !== NOP);
    if (unpatched >= 0) return `of three patches, the one at +${4 * unpatched} is not made`;
    const [refused, behind] = [(at(5) + 2) as RoAddr, at(6)];
    const before = machine.peek32(behind);
    const patches = [at(4), refused, behind].map((addr) => ({ addr, insn: NOP }));
    const got = kernel.aarch64InsnPatchText(patches);
    if (got !== EINVAL) return `a patch that is not aligned, among others, answers ${got}, expected ${EINVAL}`;
    if (machine.peek32(at(4)) !== NOP) return "the patch before one that fails is not made";
    return machine.peek32(behind) === before ? undefined : "the patch behind one that fails is made";
  },
};

/** Pages of other sizes than the usual one are drawn rarely. A subject that is built for one size has that always. */
const PAGES = [4096, 16_384, 65_536] as const;

const END_OF_PAGE: DirectedCase = {
  name: "the last word of a page is patched for good, whatever the size of pages, and no other",
  check(subject) {
    for (const wanted of PAGES) {
      const kernel = boot(subject, { pageBytes: wanted });
      const { machine } = kernel;
      const { pageBytes } = machine;
      const before = machine.peek(TEXT, pageBytes).slice();
      const last = (TEXT + pageBytes - 4) as RoAddr;
      const error = kernel.aarch64InsnPatchTextNosync(last, NOP);
      if (error !== 0) return `on pages of ${pageBytes} bytes the patch fails with ${error}`;
      if (machine.peek32(last) !== NOP) return `on pages of ${pageBytes} bytes the word is not patched`;
      const others = Buffer.compare(machine.peek(TEXT, pageBytes - 4), before.subarray(0, -4));
      if (others !== 0) return `on pages of ${pageBytes} bytes another word is changed`;
      const stale = machine.fetch(machine.cpu, last, 4);
      if (stale !== undefined) return `on pages of ${pageBytes} bytes a CPU may fetch what stood there: ${stale.why}`;
    }
    return undefined;
  },
};

interface PatchWay {
  readonly name: string;
  /** What it answers where no instruction begins. */
  readonly expected: number | undefined;
  patch(kernel: SubjectKernel, at: RoAddr): unknown;
}
/** Every way to change text, by the kernel's name. */
const PATCHES: readonly PatchWay[] = [
  { name: "aarch64_insn_copy", expected: undefined, patch: (kernel, at) => kernel.aarch64InsnCopy(at, TEXT, 8) },
  { name: "aarch64_insn_set", expected: undefined, patch: (kernel, at) => kernel.aarch64InsnSet(at, NOP, 8) },
  {
    name: "aarch64_insn_patch_text_nosync",
    expected: EINVAL,
    patch: (kernel, at) => kernel.aarch64InsnPatchTextNosync(at, NOP),
  },
  {
    name: "aarch64_insn_patch_text",
    expected: EINVAL,
    patch: (kernel, addr) => kernel.aarch64InsnPatchText([{ addr, insn: NOP }]),
  },
  { name: "bpf_arch_text_copy", expected: EINVAL, patch: (kernel, at) => kernel.bpfArchTextCopy(at, TEXT, 8) },
  { name: "bpf_arch_text_invalidate", expected: EINVAL, patch: (kernel, at) => kernel.bpfArchTextInvalidate(at, 8) },
];

const MISALIGNED_TEXT: readonly DirectedCase[] = PATCHES.map(({ name, expected, patch }) => ({
  name: `text that is not aligned is refused by ${name}()`,
  check(subject) {
    const kernel = boot(subject);
    const before = kernel.machine.peek(TEXT, 32).slice();
    for (const offset of [1, 2, 3]) {
      const got = patch(kernel, (TEXT + 8 + offset) as RoAddr);
      if (got !== expected) return `it answers ${String(got)} at +${offset}, expected ${String(expected)}`;
      if (!isDeepStrictEqual(kernel.machine.peek(TEXT, 32), before)) return `it stores at +${offset}`;
    }
    return undefined;
  },
}));

/** Inside of a program, at a place where no instruction begins, there is nothing to branch from or to. */
const MISALIGNED_SITE: DirectedCase = {
  name: "a patch site where no instruction begins is refused",
  check(subject) {
    const { machine, tramp, site, target } = new TracedKernel(TRACED_PROGRAM, subject);
    const before = machine.peek(target, 64).slice();
    for (const offset of [1, 2, 3]) {
      for (const [from, to] of [
        [undefined, site + 64],
        [undefined, site + 64 + offset],
        [site + 64, undefined],
      ] as const) {
        const error = tramp.bpfArchTextPoke((site + offset) as RoAddr, "call", from as RoAddr, to as RoAddr);
        if (error !== EFAULT) return `the poke at +${offset} answers ${error}, expected ${EFAULT}`;
      }
    }
    return isDeepStrictEqual(machine.peek(target, 64), before) ? undefined : "something is stored";
  },
};

const NEIGHBOURS: DirectedCase = {
  name: "an address right behind an image belongs to the next one",
  check(subject) {
    const { symbols } = boot(subject).trampolines(textOf(false));
    const next = (TEXT + 64) as RoAddr;
    symbols.add({ start: TEXT, bytes: 64 });
    symbols.add({ start: next, bytes: 64 });
    const found = [TEXT, TEXT + 60, next, next + 64].map((ip) => symbols.lookup(ip)?.start);
    return found.join() === [TEXT, TEXT, next, undefined].join() ? undefined : `they begin at ${found.join(", ")}`;
  },
};

/** Bytes from the patch site, and the word that it takes; undefined for a branch to the jump behind the image. */
const DISTANCES = [
  ["the furthest place ahead", BRANCH_REACH - 4, "95ffffff"],
  ["one instruction further ahead", BRANCH_REACH, undefined],
  ["the furthest place behind", -BRANCH_REACH, "96000000"],
  ["one instruction further behind", -BRANCH_REACH - 4, undefined],
] as const;

const POKE_REACH: readonly DirectedCase[] = DISTANCES.map(([what, distance, word]) => ({
  name: `a patch site leads to ${what}`,
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    const there = (traced.site + distance) as RoAddr;
    const { error } = traced.poke(undefined, there);
    if (error !== 0) return `the poke fails with ${error}`;
    const got = hexWord(traced.machine.peek32(traced.site));
    const isNear = Number.parseInt(got, 16) - 0x9400_0000 < 64;
    if (word === undefined ? !isNear : got !== word) return `the site holds ${got}`;
    const back = traced.poke(there, undefined).error;
    return back === 0 ? undefined : `taking it back fails with ${back}`;
  },
}));

/** The word at the site is stored first, then the address that nothing leads to any more. */
const SECOND_COPY = 2;

const STALE_JUMP: DirectedCase = {
  name: "a long jump whose old address cannot be taken back is warned of, and is no failure",
  shows: ["pltPageWritable"],
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    const there = (traced.site + 2 * BRANCH_REACH) as RoAddr;
    if (traced.poke(undefined, there).error !== 0) return "it is not attached";
    traced.machine.failures.plan("copy", SECOND_COPY);
    const { error } = traced.poke(there, undefined);
    const warned = traced.kernel.warnings.length;
    return error === 0 && warned === 1 ? undefined : `the poke answers ${error}, with ${warned} warnings`;
  },
};

const POKE_OF_ANOTHER_WORD: DirectedCase = {
  name: "a patch site that holds something else than it should is left alone",
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject);
    const { machine, site } = traced;
    const before = machine.peek32(site);
    const { error } = traced.poke((site + 64) as RoAddr, (site + 128) as RoAddr);
    if (error !== EFAULT) return `the poke answers ${error}`;
    return machine.peek32(site) === before ? undefined : "it is replaced";
  },
};

const JUMP_QUIRKS = [["pltPageWritable"], ["pltResetFirst"], ["pltPageWritable", "pltResetFirst"]] as const;

const LINUX_JUMPS: readonly DirectedCase[] = JUMP_QUIRKS.map((on) => ({
  name: `a long jump is written and taken back as in Linux: ${on.join(" and ")}`,
  check(subject) {
    const traced = new TracedKernel(TRACED_PROGRAM, subject, linuxIn(...on));
    const before = traced.run();
    const there = (traced.site + 2 * BRANCH_REACH) as RoAddr;
    const errors = [traced.poke(undefined, there).error, traced.poke(there, undefined).error];
    const permission = traced.machine.mapping(traced.target)?.permission;
    if (errors.join() !== "0,0" || permission !== "rox") return `errors ${errors.join()}, the page is ${permission}`;
    return isDeepStrictEqual(traced.run(), before) ? undefined : "the program does something else afterwards";
  },
}));

export const PATCHING: readonly DirectedCase[] = [
  STOPPED_CPUS,
  SEVERAL,
  END_OF_PAGE,
  ...MISALIGNED_TEXT,
  MISALIGNED_SITE,
  NEIGHBOURS,
  ...LINUX_JUMPS,
  POKE_OF_ANOTHER_WORD,
  STALE_JUMP,
  ...POKE_REACH,
];
