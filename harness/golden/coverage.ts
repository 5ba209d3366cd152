// Which instruction rows recordings witness: rows of programs whose images are equal byte for byte. Why a row may have no
// witness is said by name, so that a gap is never silent.

import { ROWS, type Row, rowById } from "../../spec/bpf/isa.js";
import { VERSIONS, type Version } from "../../subjects/subject.js";
import { type Coverage, coverage } from "../loop/coverage.js";

export interface GoldenCoverage extends Coverage {
  /** Byte-equal recordings by profile; none is left out. */
  readonly profiles: Readonly<Record<string, number>>;
  /** Byte-equal programs by row id, in table order. */
  readonly witnesses: Readonly<Record<string, number>>;
}

const IDS = ROWS.map(({ id }) => id);

/** @param rows byte-equal programs by row id */
export const goldenCoverage = (
  rows: ReadonlyMap<string, number>,
  versions: ReadonlyMap<Version, number>,
): GoldenCoverage => ({
  ...coverage(rows, IDS),
  profiles: Object.fromEntries(VERSIONS.map((version) => [`linux-${version}`, versions.get(version) ?? 0])),
  witnesses: Object.fromEntries(IDS.map((id): [string, number] => [id, rows.get(id) ?? 0]).filter(([, n]) => n > 0)),
});

/** Row ids by the reason that they share. */
export function unwitnessed(ids: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const byReason = new Map<string, string[]>();
  for (const id of ids) {
    const why = reason(rowById(id));
    byReason.set(why, [...(byReason.get(why) ?? []), id]);
  }
  return byReason;
}

function reason(row: Row): string {
  switch (row.kind) {
    case "loadAcquire":
    case "storeRelease":
    case "mayGoto":
    case "gotox":
      return NEWER;
    case "load":
    case "store":
    case "storeImm":
    case "atomic":
      if (row.mode === "arena" && row.kind === "load" && row.signed) return NEWER;
      if (row.mode === "arena") return "only programs with an arena have it, and few are recorded";
      if (row.mode === "probe")
        return "only loads through pointers of the kernel's own types have it, and few are recorded";
      return NOT_RECORDED;
    case "lddw":
      if (row.source === "mapIndex" || row.source === "mapIndexValue")
        return "the recorded programs name maps by descriptor";
      return row.source === "variable" ? "the recorded programs use no kernel variable" : NOT_RECORDED;
    case "kernel":
      if (row.op === "nospec") return "arm64 emits nothing for it before Linux 6.17";
      if (row.op === "castKernel") return "a verifier puts a move in its place";
      return row.op === "percpu" ? "only inlined per-CPU helpers make it" : NOT_RECORDED;
    default:
      return NOT_RECORDED;
  }
}

const NEWER = "it is newer than most kernels that are recorded; images of later ones were asked instead";
const NOT_RECORDED = "no recording at hand uses it";
