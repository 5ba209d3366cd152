// A chunk's place in the campaign. A case of it that somebody wants to see is written by its worker; otherwise it is made again,
// once.

import type { CaseChecker } from "./case-checker.js";
import { caseAt, type Steering } from "./chunk.js";
import type { Draft } from "./drafts.js";
import type { NewFinding } from "./findings.js";
import { type Parent, readParents } from "./parents.js";
import { type SeedFile, seedFile } from "./seeds.js";

export class Place {
  private readonly cases = new Map<number, unknown>();
  private readonly drafts = new Map<number, Draft>();
  private parents: readonly unknown[] | undefined;

  constructor(
    readonly checker: CaseChecker,
    private readonly seed: number,
    /** First index. */
    private readonly chunk: number,
    private readonly steering: Steering<Parent>,
  ) {}

  get where(): Pick<NewFinding, "checker" | "chunk"> {
    return { checker: this.checker, chunk: this.chunk };
  }

  take(drafts: readonly Draft[]): void {
    for (const draft of drafts) this.drafts.set(draft.index, draft);
  }

  /** Case file text. */
  textOf(index: number): string {
    return this.drafts.get(index)?.text ?? this.checker.kind.print(this.caseOf(index));
  }

  seedOf(index: number): SeedFile {
    const { checker, seed } = this;
    return this.drafts.get(index)?.seed ?? seedFile(checker, this.caseOf(index), { seed, index });
  }

  private caseOf(index: number): unknown {
    if (!this.cases.has(index)) {
      this.parents ??= readParents(this.checker.kind, this.steering.parents).cases;
      const { case: c } = caseAt(this.checker, this.seed, index, { ...this.steering, parents: this.parents });
      this.cases.set(index, c);
    }
    return this.cases.get(index);
  }
}
