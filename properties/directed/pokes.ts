// Pokes of a patch site at their limits: a branch reaches 128 MiB less one instruction ahead and 128 MiB behind, whatever is
// further goes through the jump behind the image, and a site that holds something else is left alone.

import { isDeepStrictEqual } from "node:util";
import { bpfArchTextPoke } from "../../impl/trampoline/arch-text-poke.js";
import { BpfSymbols } from "../../impl/trampoline/symbols.js";
import { bpfTrampImageMake, bpfTrampImagePut } from "../../impl/trampoline/tramp-image.js";
import type { RoAddr } from "../../machine/address.js";
import { hexWord } from "../../spec/bits.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { TracedKernel } from "../../subjects/trampoline/traced-kernel.js";
import { linuxIn } from "./compiled.js";
import { TRACED_PROGRAM } from "./trampoline-exchange.js";

const REACH = 128 * 1024 * 1024;

/** Bytes from the patch site, and the word that it takes; undefined for a branch to the jump behind the image. */
const DISTANCES = [
  ["the furthest place ahead", REACH - 4, "95ffffff"],
  ["one instruction further ahead", REACH, undefined],
  ["the furthest place behind", -REACH, "96000000"],
  ["one instruction further behind", -REACH - 4, undefined],
] as const;

export const POKE_REACH: readonly DirectedCase[] = DISTANCES.map(([what, distance, word]) => ({
  name: `a patch site leads to ${what}`,
  check() {
    const { tramp, target, site, machine } = new TracedKernel(TRACED_PROGRAM);
    const there = (site + distance) as RoAddr;
    const error = bpfArchTextPoke(tramp, target, "call", undefined, there);
    if (error !== 0) return `the poke fails with ${error}`;
    const got = hexWord(machine.peek32(site));
    const isNear = Number.parseInt(got, 16) - 0x9400_0000 < 64;
    if (word === undefined ? !isNear : got !== word) return `the site holds ${got}`;
    const back = bpfArchTextPoke(tramp, target, "call", there, undefined);
    return back === 0 ? undefined : `taking it back fails with ${back}`;
  },
}));

/** The word at the site is stored first, then the address that nothing leads to any more. */
const SECOND_COPY = 2;

export const STALE_JUMP: DirectedCase = {
  name: "a long jump whose old address cannot be taken back is told of, and is no failure",
  check() {
    const { tramp, target, site, machine } = new TracedKernel(TRACED_PROGRAM);
    const there = (site + 2 * REACH) as RoAddr;
    if (bpfArchTextPoke(tramp, target, "call", undefined, there) !== 0) return "it is not attached";
    machine.failures.plan("copy", SECOND_COPY);
    const error = bpfArchTextPoke(tramp, target, "call", there, undefined);
    const told = tramp.warnings.length;
    return error === 0 && told === 1 ? undefined : `the poke answers ${error}, with ${told} warnings`;
  },
};

const CODE = 0x8000_8400_0000 as RoAddr;

export const NEIGHBOURS: DirectedCase = {
  name: "an address right behind an image belongs to the next one",
  check() {
    const symbols = new BpfSymbols();
    const next = (CODE + 64) as RoAddr;
    symbols.add({ start: CODE, bytes: 64 });
    symbols.add({ start: next, bytes: 64 });
    const found = [CODE, CODE + 60, next, next + 64].map((ip) => symbols.lookup(ip as RoAddr)?.start);
    return found.join() === [CODE, CODE, next, undefined].join() ? undefined : `they begin at ${found.join(", ")}`;
  },
};

const EFAULT = -14;

export const POKE_OF_ANOTHER_WORD: DirectedCase = {
  name: "a patch site that holds something else than it should is left alone",
  check() {
    const { tramp, target, site, machine } = new TracedKernel(TRACED_PROGRAM);
    const before = machine.peek32(site);
    const error = bpfArchTextPoke(tramp, target, "call", (site + 64) as RoAddr, (site + 128) as RoAddr);
    if (error !== EFAULT) return `the poke answers ${error}`;
    return machine.peek32(site) === before ? undefined : "it is replaced";
  },
};

const JUMP_QUIRKS = [["pltPageWritable"], ["pltResetFirst"], ["pltPageWritable", "pltResetFirst"]] as const;

export const LINUX_JUMPS: readonly DirectedCase[] = JUMP_QUIRKS.map((on) => ({
  name: `a long jump is written and taken back as in Linux: ${on.join(" and ")}`,
  check() {
    const world = new TracedKernel(TRACED_PROGRAM, linuxIn(...on));
    const { tramp, target, site, machine } = world;
    const before = world.run();
    const there = (site + 2 * REACH) as RoAddr;
    const errors = [
      bpfArchTextPoke(tramp, target, "call", undefined, there),
      bpfArchTextPoke(tramp, target, "call", there, undefined),
    ];
    const permission = machine.mapping(target)?.permission;
    if (errors.join() !== "0,0" || permission !== "rox") return `errors ${errors.join()}, the page is ${permission}`;
    const after = world.run();
    return isDeepStrictEqual(after, before) ? undefined : "the program does something else afterwards";
  },
}));

export const TRAMPOLINE_RELEASE: DirectedCase = {
  name: "who comes back to a released trampoline passes over the programs behind the function",
  check() {
    const { machine, tramp, request } = new TracedKernel(TRACED_PROGRAM);
    const made = bpfTrampImageMake(tramp, request);
    if (!made.ok) return `no trampoline: ${made.error}`;
    const { ipAfterCall, ipEpilogue } = made.im;
    if (ipAfterCall === undefined || ipEpilogue === undefined) return "it calls no function";
    bpfTrampImagePut(tramp, made.im);
    const word = machine.peek32(ipAfterCall);
    const expected = 0x1400_0000 + (ipEpilogue - ipAfterCall) / 4;
    return word === expected
      ? undefined
      : `the word behind the call is ${hexWord(word)}, expected ${hexWord(expected)}`;
  },
};
