// Coverage of programs: an instruction with its kind of operands, the A64 words that became of it and what happened to it,
// `add imm|+u12|add|ran`. The image as a whole has points of its own, under the row `image`: where it lay, how many pages it
// touched, how the runs ended. What the JIT was given, after the verifier, is told under the row `lowering`.

import type { Row } from "../../spec/bpf/isa.js";
import type { Program } from "../../spec/bpf/program.js";
import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import type { Case } from "../../subjects/case.js";
import { PAGE_BYTES } from "../../subjects/run/layout.js";
import type { LoadedImage } from "../../subjects/session/program-session.js";
import { type CaseReport, RanRows, type Watch } from "../cases/program/report.js";
import { operandsOf } from "./operands.js";
import { loweringPoint, pointText } from "./point.js";
import { knownStrategyOf, meantRow } from "./strategy.js";
import { wordNames } from "./words.js";

/** Collects what one program reaches. Hand it to the check, then ask for the points. */
export class ProgramPoints implements Watch {
  private images: readonly LoadedImage[] = [];
  private readonly seen = new RanRows();
  readonly count = this.seen.count;

  /** The images of the program that is being checked. */
  readonly loaded = (images: readonly LoadedImage[]): void => {
    this.images = images;
  };

  /** Forget the last program. */
  clear(): void {
    this.images = [];
    this.seen.clear();
  }

  /** Ids of the rows that ran. */
  rows(): readonly string[] {
    return this.seen.ids();
  }

  /** All points of the program that was checked, as text. */
  reached({ env, program }: Case, report: CaseReport): Set<string> {
    const points = new Set<string>();
    if (report.kind !== "checked") return points;
    for (const image of this.images) this.addImage(points, image, program);
    const ends = new Set(report.runs.map(({ expected: { kind } }) => kind));
    for (const end of ends) points.add(pointText("image", env.cpu, `hole ${env.hole}`, end));
    return points;
  }

  private addImage(
    points: Set<string>,
    { code, insns, origin, offsets, words, va }: LoadedImage,
    program: Program,
  ): void {
    const written = program.code[code] ?? [];
    for (let i = 0; i < insns.length; ) {
      const slot = origin[i]!;
      const from = offsets[i]!;
      let next = i + 1;
      while (next < insns.length && origin[next] === slot) next++;
      const insn = written[slot];
      // The second half of a wide constant belongs to the first.
      if (insn !== undefined && insn.row.kind !== "lddwHigh") {
        const wide = insn.row.kind === "lddw" ? next + 1 : next;
        const to = offsets[Math.min(wide, insns.length)]!;
        points.add(pointText(insn.row.id, operandsOf(insn), wordNames(words, from, to), this.eventOf(insn.row)));
      }
      i = next;
    }
    for (const [i, insn] of insns.entries()) {
      const row = meantRow(insn);
      if (row.kind === "lddwHigh") continue;
      const end = offsets[row.kind === "lddw" ? i + 2 : i + 1]!;
      points.add(loweringPoint(row.id, knownStrategyOf(row, words, offsets[i]!, end)));
    }
    const first = Math.floor(va / PAGE_BYTES);
    const last = Math.floor((va + 4 * words.length - 1) / PAGE_BYTES);
    const place = Math.floor((va % PAGE_BYTES) / CHUNK_BYTES);
    points.add(pointText("image", `pages ${Math.min(last - first + 1, 4)}`, `chunk ${place}`, "loaded"));
    points.add(pointText("image", `saved ${wordNames(words, 0, offsets[0]!)}`, "prologue", "loaded"));
  }

  private eventOf(row: Row): string {
    const { seen } = this;
    if (row.kind !== "jump") return seen.ran(row) ? "ran" : "idle";
    const [taken, fell] = [seen.taken(row), seen.fell(row)];
    return taken && fell ? "both" : taken ? "taken" : fell ? "fell" : "idle";
  }
}
