// Single instructions: every instruction form with edge operands from edge states. A user instruction is a program, a
// verifier-only one a body of that kind; both are checked, made smaller and written as what they are. A bug that one
// instruction shows is found here in milliseconds, and needs no shrinking.

import type { Engine } from "../../../engines/engine.js";
import { ROWS } from "../../../spec/bpf/isa.js";
import type { Case } from "../../../subjects/case.js";
import type { AnySubject } from "../../../subjects/program-subject.js";
import { type AnyKind, checkerOn, type Kind, type KindChecker } from "../kind.js";
import { PROGRAMS } from "../program/index.js";
import type { VerifierOnlyCase } from "../verifier-only/case.js";
import { VERIFIER_ONLY } from "../verifier-only/index.js";
import { bodiesFor } from "./bodies.js";
import { furthestBranches } from "./branches.js";
import { contextFields } from "./context-fields.js";
import { programsFor } from "./programs.js";

type SingleInstruction = Case | VerifierOnlyCase;

/** Of a program or a body: the kind that a single instruction is of beside. */
export const kindOf = (c: object): AnyKind => ("body" in c ? VERIFIER_ONLY : PROGRAMS) as AnyKind;

let made: readonly SingleInstruction[] | undefined;
/** Made at the first use: most commands try none of them. */
function all(): readonly SingleInstruction[] {
  made ??= [
    ...inTurns([
      ...ROWS.map((row) => [...programsFor(row), ...bodiesFor(row)]),
      ...contextFields().map((one) => [one]),
    ]),
    ...furthestBranches(),
  ];
  return made;
}

/** The first of each list, then the second of each: whoever goes on for a short time only has seen every form. */
function inTurns<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}

export const INSTRUCTIONS: Kind<SingleInstruction> = {
  name: "instructions",
  extension: PROGRAMS.extension,
  extensionOf: (c) => kindOf(c).extension,
  what: "a single instruction",
  unit: "instruction",
  share: 1,
  turns: 0,
  chunk: 200,
  command: "replay",
  get count() {
    return all().length;
  },
  fresh: (_seed, index) => all()[index]!,
  checker: checkerOfBoth,
  hosted: checkerOfBoth,
  size: (c) => kindOf(c).size(c),
  minimize: (c, fails, runs) =>
    kindOf(c).minimize(c, fails as (smaller: unknown) => boolean, runs) as SingleInstruction,
  print: (c, about) => kindOf(c).print(c, about),
  parse(text) {
    const program = PROGRAMS.parse(text);
    const body = program.ok ? program : VERIFIER_ONLY.parse(text);
    return body.ok ? body : program;
  },
  // What its file is read as.
  identity: (c, head) => kindOf(c).identity?.(c, head) ?? kindOf(c).print(c, head),
  code: (c) => kindOf(c).code?.(c) ?? [],
  pack: (c) => kindOf(c).pack?.(c) ?? c,
  unpack: (packed) => (kindOf(packed as object).unpack?.(packed) ?? packed) as SingleInstruction,
};

function checkerOfBoth(subject: AnySubject, engines: readonly Engine[]): KindChecker<SingleInstruction> {
  const [programs, bodies] = [PROGRAMS as AnyKind, VERIFIER_ONLY as AnyKind].map((kind) =>
    checkerOn(kind, subject, engines),
  );
  const checkerOf = (c: object) => ("body" in c ? bodies! : programs!);
  return {
    check: (c, notice) => ({ ...checkerOf(c).check(c, notice), points: [] }),
    blame: (c, found) => checkerOf(c).blame(c, found),
    expected: (c) => checkerOf(c).expected?.(c) ?? [],
  };
}
