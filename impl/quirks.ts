// The upstream defects that we know, as data: each is a switch that makes the implementation behave as Linux does, so
// that its images can be compared byte for byte, or as it should. Nothing else in `impl/` may depend on a profile.

import { isFrom, VERSIONS, type Version } from "./versions.js";

interface QuirkRow {
  readonly id: string;
  readonly title: string;
  /** What a program or an operator sees of it. */
  readonly effect: string;
  /** The upstream commit that mends it, if there is one. */
  readonly fix: string | undefined;
  /** The first release, or the feature, that has it. */
  readonly since: string;
  /** The first listed version whose image has it, if 6.12 is without; and the first that is rid of it, if one is. */
  readonly from?: Version;
  readonly until?: Version;
}

export const QUIRKS = [
  {
    id: "arenaStoreImmBase",
    title: "a store of a constant into an arena at an offset that needs a register overwrites its own base",
    effect: "the store goes to twice the offset, faults and is skipped",
    fix: "be708ed300e1",
    since: "6.10 (arena on arm64)",
    until: "6.18",
  },
  {
    id: "firstPassRange",
    title: "branch distances are range-checked while the offset table is still empty",
    effect: "a backward conditional branch to a place past word 2^18 - 2 is refused, however near it is",
    fix: undefined,
    since: "3.18 (the first arm64 JIT)",
  },
  {
    id: "exclusiveAliasedBase",
    title: "a load-exclusive loop loads the old value into the register that holds the address",
    effect: "a fetching atomic at offset 0 whose base is the result register stores to the address that it has loaded",
    fix: undefined,
    since: "5.18 (fetching atomics without LSE)",
  },
  {
    id: "staleTail",
    title: "the last round of a program with several functions leaves the end of the longer first image behind",
    effect: "memory after an image holds old code in place of the illegal instruction",
    fix: undefined,
    since: "6.9 (the pack allocator on arm64)",
  },
  {
    id: "finalizeFailureSize",
    title: "a failed finalize frees by the size in a header that was never written",
    effect: "the free takes the fill word for a size",
    fix: undefined,
    since: "6.9 (the pack allocator on arm64)",
  },
  {
    id: "finalizeFailureCharge",
    title: "a failed finalize does not give back what was charged for the image",
    effect: "the total of JITed code stays too high, until unprivileged loads are refused",
    fix: undefined,
    since: "6.9 (the pack allocator on arm64)",
  },
  {
    id: "copyFaultIgnored",
    title: "a fault while text is copied is ignored",
    effect: "the copy reports success, and the program runs into illegal instructions",
    fix: undefined,
    since: "6.9 (the pack allocator on arm64)",
  },
  {
    id: "extraPassFailureKeepsImage",
    title: "a failure in the last round leaves the function marked as compiled",
    effect: "the function still points to the image that has been freed",
    fix: undefined,
    since: "6.9 (the pack allocator on arm64)",
    until: "7.2",
  },
  {
    id: "freeLeaksOffsets",
    title: "freeing a function between its two rounds does not free its offset table",
    effect: "a leak for each function of a program whose load fails in between",
    fix: undefined,
    since: "6.9 (the pack allocator on arm64)",
  },
  {
    id: "secondFlush",
    title: "the image is flushed once more after the copy that has already flushed it",
    effect: "an instruction-cache flush and an interrupt to all CPUs too many",
    fix: "42f18ae53011",
    since: "6.9 (the pack allocator on arm64)",
    until: "7.0",
  },
  {
    id: "trampolineRefusalLeak",
    title: "a trampoline for more arguments than there are registers is refused without freeing its buffer",
    effect: "a leak, if the size was not asked for first",
    fix: undefined,
    since: "the pack allocator for arm64 trampolines",
  },
  {
    id: "pltPageWritable",
    title: "the address behind a program's long jump is stored by making its page writable",
    effect: "programs on that page are writable while they can run, and two such stores at once are not serialized",
    fix: undefined,
    since: "6.0 (the page is shared between programs since 6.9)",
  },
  {
    id: "pltResetFirst",
    title: "a far trampoline that gives way to a near one loses its address before the patch site changes",
    effect: "for a moment calls pass by both trampolines, as if nothing were attached",
    fix: undefined,
    since: "6.0 (the long jump)",
  },
  {
    id: "newPackNotFlushed",
    title: "the illegal instructions that a new pack is filled with are never made visible to instruction fetches",
    effect: "a stray jump into a part of a pack that no program has used may run what the pages held before",
    fix: undefined,
    since: "5.18 (the pack allocator); 6.9 on arm64",
  },
  {
    id: "acquireKeepsRegister",
    title: "a load-acquire from an arena that faults leaves its register as it was",
    effect: "the program goes on with what the register held, in place of zero",
    fix: undefined,
    since: "6.15 (load-acquire)",
    from: "6.16",
    until: "7.2",
  },
  {
    id: "callbackWithoutFrame",
    title: "an exception callback never sets its frame pointer",
    effect: "an access to its stack goes where the function that threw had its own, or anywhere",
    fix: undefined,
    since: "6.16 (the first image that was looked at after 6.12)",
    from: "6.16",
    until: "7.2",
  },
  {
    id: "memberArguments",
    title: "arguments on the stack of a struct_ops member are read 16 bytes beyond where they lie",
    effect:
      "the program gets its third argument on the stack for the first, and behind the last what the caller has there",
    fix: undefined,
    since: "6.16 (arguments on the stack)",
    from: "6.16",
    until: "7.2",
  },
  {
    id: "imageAlignedToWord",
    title: "an image begins at any multiple of 4, so that the address behind its long jump may lie across two words",
    effect: "a far trampoline stores that address in two halves, and a call in between goes to neither place",
    fix: undefined,
    since: "6.0 (the long jump); mended in 6.12.y as well",
    from: "6.16",
    until: "6.19",
  },
  {
    id: "freeLeaksBuffer",
    title: "freeing a function between its two rounds does not free its writable image",
    effect: "a leak for each function of a program whose load fails in between, beside that of its offset table",
    fix: undefined,
    since: "6.16 (the one image that has it)",
    from: "6.16",
    until: "6.17",
  },
  {
    id: "branchRangeDoubled",
    title: "the range check of a conditional branch allows twice the distance that the branch holds",
    effect: "what is too far is taken, and the branch goes 2^18 words back, in most programs out of the program",
    fix: undefined,
    since: "before 5.10; mended in 6.1.y and 6.12.y as well",
    from: "6.16",
    until: "7.0",
  },
  {
    id: "protectionFailureIgnored",
    title: "a change of permissions that fails when a program is published is ignored",
    effect: "the program counts as compiled while its pages are writable and executable, or cannot be executed",
    fix: undefined,
    since: "before 5.10, where each program has pages of its own",
    until: "6.12",
  },
  {
    id: "emptySlotsCount",
    title: "a tail call of an empty slot counts toward the limit",
    effect: "after 33 misses a tail call that has a target is not made",
    fix: "66ff4d61dc12",
    since: "before 5.10; mended in 6.12",
    until: "6.12",
  },
  {
    id: "returnedCallsForgotten",
    title: "the tail calls of a function do not count any more once it has returned",
    effect: "a program that calls such functions makes many times the tail calls of the limit",
    fix: "66ff4d61dc12",
    since: "6.0 (tail calls beside calls of functions); mended in 6.12",
    until: "6.12",
  },
] as const satisfies readonly QuirkRow[];
export type QuirkId = (typeof QUIRKS)[number]["id"];

/** Which defects are on. */
export type Quirks = Readonly<Record<QuirkId, boolean>>;

const quirksWhere = (on: (row: QuirkRow) => boolean): Quirks =>
  Object.fromEntries(QUIRKS.map((row) => [row.id, on(row)])) as Quirks;

const quirksOf = (version: Version): Quirks =>
  quirksWhere(
    ({ from, until }) => isFrom(version, from ?? VERSIONS[0]) && (until === undefined || !isFrom(version, until)),
  );

type LinuxProfile = `linux-${Version}`;
export const linuxProfile = (version: Version): LinuxProfile => `linux-${version}`;

/** By profile: the defects that are on. */
export const PROFILES = {
  ...(Object.fromEntries(VERSIONS.map((version) => [linuxProfile(version), quirksOf(version)])) as Record<
    LinuxProfile,
    Quirks
  >),
  fixed: quirksWhere(() => false),
};
export type ProfileName = keyof typeof PROFILES;
export const isProfile = (name: string): name is ProfileName => Object.hasOwn(PROFILES, name);
