// How far the branch at a patch site reaches: to 128 MiB less one instruction ahead and 128 MiB behind; whatever is further
// goes through the jump behind the image.

import { isDeepStrictEqual } from "node:util";
import { DEFAULT_ENV } from "../../impl/jit/env.js";
import { bpfArchTextPoke } from "../../impl/trampoline/arch-text-poke.js";
import type { RoAddr } from "../../machine/address.js";
import { hexWord } from "../../spec/bits.js";
import { TracedWorld } from "../trampoline/world.js";
import type { Edge } from "./edge.js";
import { TRACED_PROGRAM } from "./trampoline-exchange.js";

const REACH = 128 * 1024 * 1024;

/** Bytes from the patch site, and the word that it takes; undefined for a branch to the jump behind the image. */
const DISTANCES = [
  ["the furthest place ahead", REACH - 4, "95ffffff"],
  ["one instruction further ahead", REACH, undefined],
  ["the furthest place behind", -REACH, "96000000"],
  ["one instruction further behind", -REACH - 4, undefined],
] as const;

export const POKE_REACH: readonly Edge[] = DISTANCES.map(([what, distance, word]) => ({
  name: `a patch site leads to ${what}`,
  check() {
    const { tramp, target, site, machine } = new TracedWorld(TRACED_PROGRAM);
    const there = (site + distance) as RoAddr;
    const error = bpfArchTextPoke(tramp, target, "call", undefined, there);
    if (error !== 0) return `the poke fails with ${error}`;
    const came = hexWord(machine.peek32(site));
    const isNear = Number.parseInt(came, 16) - 0x9400_0000 < 64;
    if (word === undefined ? !isNear : came !== word) return `the site holds ${came}`;
    const back = bpfArchTextPoke(tramp, target, "call", there, undefined);
    return back === 0 ? undefined : `taking it back fails with ${back}`;
  },
}));

const EFAULT = -14;

export const POKE_OF_ANOTHER_WORD: Edge = {
  name: "a patch site that holds something else than it should is left alone",
  check() {
    const { tramp, target, site, machine } = new TracedWorld(TRACED_PROGRAM);
    const before = machine.peek32(site);
    const error = bpfArchTextPoke(tramp, target, "call", (site + 64) as RoAddr, (site + 128) as RoAddr);
    if (error !== EFAULT) return `the poke answers ${error}`;
    return machine.peek32(site) === before ? undefined : "it is replaced";
  },
};

export const LINUX_JUMPS: readonly Edge[] = [
  ["pltPageWritable"],
  ["pltResetFirst"],
  ["pltPageWritable", "pltResetFirst"],
].map((on) => ({
  name: `a long jump is written and taken back as in Linux: ${on.join(" and ")}`,
  check() {
    const quirks = { ...DEFAULT_ENV.quirks, ...Object.fromEntries(on.map((id) => [id, true])) };
    const world = new TracedWorld(TRACED_PROGRAM, quirks);
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
