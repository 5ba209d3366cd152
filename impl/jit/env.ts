// Everything that the emitted bytes depend on beside the function itself: the kernel's configuration, the CPU, addresses
// of kernel text, and offsets in structures, which are facts of one build and not of the JIT.

import { linuxProfile, PROFILES, type ProfileName, type Quirks } from "../quirks.js";
import { ALL_FORMS, type Changes, changesOf, isFrom, VERSIONS, type Version } from "../versions.js";

/** How a program that was converted from classic BPF forgets the branch history before it returns (Spectre-BHB). */
export interface BranchHistory {
  /** One CLEARBHB hint; the loop is for CPUs that have none. */
  readonly clear: "hint" | { readonly loops: number } | undefined;
  readonly firmware: "hvc" | "smc" | undefined;
}

export interface JitEnv {
  /** CPU: single-instruction atomics. */
  readonly lse: boolean;
  /** Kernel: branch target identification, pointer authentication of return addresses. */
  readonly bti: boolean;
  readonly pac: boolean;
  /** The kernel runs at EL2 (virtualization host extensions), so the per-CPU base is in TPIDR_EL2. */
  readonly vhe: boolean;
  /** Low 48 bits of the address that a helper call's imm is relative to. */
  readonly callBase: number;
  /** Low 48 bits: where the jump after each image goes until something attaches. */
  readonly dummyTramp: number;
  /** Low 48 bits: stands for the address of a function that is not compiled yet, in loads of it. */
  readonly modulesBase: number;
  readonly offsets: {
    readonly arrayMaxEntries: number;
    readonly arrayPtrs: number;
    readonly progFunc: number;
    readonly threadCpu: number;
  };
  /** Helper ids whose calls are inlined; the imm of such a call is the id itself. */
  readonly inlined: { readonly smpProcessorId: readonly number[]; readonly currentTask: readonly number[] };
  readonly branchHistory: BranchHistory | undefined;
  readonly quirks: Quirks;
  /** What later versions do otherwise. */
  readonly changes: Changes;
}

/** Facts of Debian's builds with 4 KiB pages: they moved with the structures, and other builds have others. */
const OFFSETS: readonly (JitEnv["offsets"] & { readonly from: Version })[] = [
  { from: "7.3", arrayMaxEntries: 68, arrayPtrs: 296, progFunc: 72, threadCpu: 24 },
  { from: "7.1", arrayMaxEntries: 76, arrayPtrs: 304, progFunc: 72, threadCpu: 24 },
  { from: "6.18", arrayMaxEntries: 68, arrayPtrs: 304, progFunc: 72, threadCpu: 16 },
  { from: "6.12", arrayMaxEntries: 36, arrayPtrs: 264, progFunc: 48, threadCpu: 16 },
];

/** A Linux with 4 KiB pages, without address randomization, with its defects. Addresses are those of 6.12.117. */
export function linuxEnv(version: Version): JitEnv {
  const { from: _, ...offsets } = OFFSETS.find(({ from }) => isFrom(version, from))!;
  return {
    lse: true,
    bti: false,
    pac: true,
    vhe: false,
    callBase: 0x8000_8026_9da8,
    dummyTramp: 0x8000_8004_0e10,
    modulesBase: 0x8000_0000_0000,
    offsets,
    inlined: { smpProcessorId: [8], currentTask: [35, 158] },
    branchHistory: undefined,
    quirks: PROFILES[linuxProfile(version)],
    changes: changesOf(version),
  };
}

/** The same but for what is given. All environments are of one shape: whatever emits a word asks them. */
export function envWith(env: JitEnv, given: Partial<JitEnv>): JitEnv {
  const { lse, bti, pac, vhe, ...rest } = { ...env, ...given };
  const { callBase, dummyTramp, modulesBase, offsets, inlined, branchHistory, quirks, changes } = rest;
  return { lse, bti, pac, vhe, callBase, dummyTramp, modulesBase, offsets, inlined, branchHistory, quirks, changes };
}

/** The reference kernel: Linux 6.12.117. */
export const LINUX_6_12: JitEnv = linuxEnv("6.12");

/** The same with the known upstream defects mended, and with all instructions that a later Linux takes. */
export const DEFAULT_ENV: JitEnv = envWith(LINUX_6_12, { quirks: PROFILES.fixed, changes: ALL_FORMS });

/** The environment of a profile. */
export function profileEnv(profile: ProfileName): JitEnv {
  const version = VERSIONS.find((one) => linuxProfile(one) === profile);
  return version === undefined ? DEFAULT_ENV : linuxEnv(version);
}

/** Words before the place where a tail call enters a main program. */
export const prologueOffset = (env: JitEnv): number => (env.bti ? 1 : 0) + 2 + (env.pac ? 1 : 0) + 4;
