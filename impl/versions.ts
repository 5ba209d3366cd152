// What the arm64 JIT of a later Linux does otherwise than that of 6.12, as data: each change is a switch, and the profile
// of a version has on what was there by then. A version is listed only if an image or a recording of it was compared, and
// a change counts from the first listed version whose image has it; `since` is the release that brought it, where known.

/** Versions whose images were compared, oldest first. */
export const VERSIONS = ["6.12", "6.16", "6.17", "6.18", "6.19", "7.0", "7.1", "7.2", "7.3"] as const;
export type Version = (typeof VERSIONS)[number];

interface ChangeRow {
  readonly id: string;
  readonly title: string;
  /** The first listed version whose image has it. */
  readonly from: Version;
  /** The release that brought it, if that is known and not itself listed. */
  readonly since?: string;
  /** `form`: takes instructions that earlier JITs refuse. `code`: emits other words for the same instruction. */
  readonly kind: "form" | "code";
}

export const CHANGES = [
  { id: "acquireRelease", title: "load-acquire and store-release", from: "6.16", since: "6.15", kind: "form" },
  {
    id: "atomicOffsetImm",
    title: "an atomic operation adds an offset of 12 bits to its base with one ADD or SUB",
    from: "6.16",
    since: "6.15",
    kind: "code",
  },
  {
    id: "stackWords",
    title: "trampolines of functions with arguments on the stack",
    from: "6.16",
    kind: "form",
  },
  { id: "stackStructs", title: "structs on the stack among those arguments", from: "6.17", kind: "form" },
  { id: "privateStack", title: "a BPF stack in per-CPU memory, reached through x27", from: "6.17", kind: "form" },
  { id: "speculationBarrier", title: "DSB and ISB for a barrier against speculation", from: "6.17", kind: "code" },
  { id: "arenaSigned", title: "loads from an arena that sign-extend", from: "6.18", kind: "form" },
  {
    id: "arenaReport",
    title: "exception entries say what arena address was accessed, in place of a distance",
    from: "6.18",
    kind: "code",
  },
  { id: "gotox", title: "a jump to the address in a register", from: "6.19", kind: "form" },
  { id: "sessions", title: "one link for the entry and the exit of a function (fsession)", from: "7.0", kind: "form" },
  {
    id: "metaInHalf",
    title: "a trampoline puts the number of its arguments into half a register",
    from: "7.0",
    kind: "code",
  },
  { id: "orrMoves", title: "a move between registers is ORR, unless one of them is SP", from: "7.1", kind: "code" },
  { id: "stackArguments", title: "arguments beyond five, whose base is R11", from: "7.2", kind: "form" },
  {
    id: "r0InX8",
    title: "R0 is x8 and R12 the scratch register, in programs without stack arguments too",
    from: "7.2",
    kind: "code",
  },
  {
    id: "trampolineSkips",
    title: "a place in a trampoline before each program, where it is passed over once it is detached",
    from: "7.2",
    kind: "code",
  },
  {
    id: "arenaWrite",
    title: "exception entries say that an access to an arena writes; a fetch that is skipped gives zero",
    from: "7.2",
    kind: "code",
  },
  {
    id: "shortCastUser",
    title: "the cast of an arena pointer to user space takes three words",
    from: "7.3",
    kind: "code",
  },
] as const satisfies readonly ChangeRow[];
type ChangeId = (typeof CHANGES)[number]["id"];

/** Which changes are on. */
export type Changes = Readonly<Record<ChangeId, boolean>>;

export const isFrom = (version: Version, first: Version): boolean =>
  VERSIONS.indexOf(version) >= VERSIONS.indexOf(first);

const changesWhere = (on: (row: ChangeRow) => boolean): Changes =>
  Object.fromEntries(CHANGES.map((row) => [row.id, on(row)])) as Changes;

const CHANGES_OF = new Map(VERSIONS.map((version) => [version, changesWhere(({ from }) => isFrom(version, from))]));
export const changesOf = (version: Version): Changes => CHANGES_OF.get(version)!;

const withStackArguments = new WeakMap<Changes, Changes>();

/**
 * What holds for a function. Arguments beyond five go where 6.12 has R0, so a program that has them is compiled as later
 * versions compile all.
 */
export function changesFor(
  changes: Changes,
  { stackArguments }: { readonly stackArguments?: number | undefined },
): Changes {
  if (stackArguments === undefined || !changes.stackArguments || changes.r0InX8) return changes;
  const made = withStackArguments.get(changes) ?? { ...changes, r0InX8: true };
  withStackArguments.set(changes, made);
  return made;
}

/** The code of 6.12, which takes every instruction that a later JIT takes. */
export const ALL_FORMS: Changes = changesWhere(({ kind }) => kind === "form");
