// A chunk's place in the campaign. A case of it is made again, once, where somebody wants to see it.

import type { CaseChecker } from "./case-checker.js";
import { caseAt, type Steering } from "./chunk.js";
import type { NewFinding } from "./findings.js";

export class Place {
  private readonly cases = new Map<number, unknown>();

  constructor(
    readonly checker: CaseChecker,
    private readonly seed: number,
    /** First index. */
    private readonly chunk: number,
    private readonly steering: Steering,
  ) {}

  get where(): Pick<NewFinding, "checker" | "chunk"> {
    return { checker: this.checker, chunk: this.chunk };
  }

  caseOf(index: number): unknown {
    if (!this.cases.has(index)) {
      this.cases.set(index, caseAt(this.checker, this.seed, index, this.steering).case);
    }
    return this.cases.get(index);
  }

  /** Case file text. */
  textOf(index: number): string {
    return this.checker.kind.print(this.caseOf(index));
  }
}
