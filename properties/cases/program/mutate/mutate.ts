// Another case from one that was worth keeping, and a second one to take pieces from. The result is valid and sound: the
// reference returns on every input. Edits that lead to something else are given up after a few tries.

import type { Case } from "../../../../subjects/case.js";
import { type Dialect, LINUX_DIALECT, outside } from "../../../../subjects/dialect.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { MOST_GUARDED } from "../arbitrary.js";
import { EDGES, half } from "../blocks/immediates.js";
import { isSound } from "../soundness.js";
import { type Demands, validityOf } from "../validity.js";
import { aimAt } from "./aim.js";
import {
  aliasOperands,
  type CodeEdit,
  dropOne,
  edgeImmediate,
  growBranch,
  otherRow,
  splice,
  swapOperands,
} from "./code.js";
import type { Goal } from "./seldom.js";

type CaseEdit = (value: Case, draw: Draw, other: Case, dialect: Dialect) => Case | undefined;

const inCode =
  (edit: CodeEdit): CaseEdit =>
  (value, draw, other, dialect) => {
    const { code } = value.program;
    const index = draw.below(code.length);
    const edited = edit(code[index]!, draw, draw.pick(other.program.code), dialect);
    if (edited === undefined || edited.length === 0) return undefined;
    return { ...value, program: { ...value.program, code: code.with(index, edited) } };
  };

const MOST_CHUNKS = 128;

/** Another place in the pack: any chunk, any hole. */
const movePlace: CaseEdit = (value, draw) => ({
  ...value,
  env: { ...value.env, hole: 8 * draw.below(7), skip: draw.below(MOST_CHUNKS + 1) },
});

const otherCpu: CaseEdit = (value) => ({
  ...value,
  env: { ...value.env, cpu: value.env.cpu === "lse" ? "ll-sc" : "lse" },
});

/** A word of an input becomes an edge. */
const edgeInput: CaseEdit = (value, draw) => {
  const index = draw.below(value.inputs.length);
  const input = value.inputs[index]!.slice();
  if (input.length < 8) return undefined;
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const place = 4 * draw.below(Math.floor(input.length / 4));
  view.setInt32(place, draw.chance(60) ? draw.pick(EDGES) : half(draw), true);
  return { ...value, inputs: value.inputs.with(index, input) };
};

const EDITS: readonly (readonly [number, CaseEdit])[] = [
  [6, inCode(edgeImmediate)],
  [6, inCode(otherRow)],
  [4, inCode(splice)],
  [3, inCode(aliasOperands)],
  [2, inCode(swapOperands)],
  [2, inCode(dropOne)],
  [1, inCode(growBranch)],
  [3, movePlace],
  [1, otherCpu],
  [2, edgeInput],
];
const MENU: readonly CaseEdit[] = EDITS.flatMap(([weight, edit]) => new Array<CaseEdit>(weight).fill(edit));

const MOST_EDITS = 3;
const TRIES = 3;
/** Of a hundred changes, those that begin with an edit toward a goal, where there are goals. */
const AIMED = 70;

/** One to three edits of a parent. Undefined if nothing valid came of it. */
export function mutateCase(
  parent: Case,
  other: Case,
  draw: Draw,
  all: readonly Goal[] = [],
  dialect: Dialect = LINUX_DIALECT,
): Case | undefined {
  const goals = dialect === LINUX_DIALECT ? all : all.filter(({ row }) => dialect.forms.has(row));
  for (let tries = 0; tries < TRIES; tries++) {
    let value = goals.length > 0 && draw.chance(AIMED) ? aimed(parent, draw, goals) : undefined;
    const edits = value === undefined ? draw.between(1, MOST_EDITS) : draw.below(MOST_EDITS);
    for (let i = 0; i < edits; i++) value = draw.pick(MENU)(value ?? parent, draw, other, dialect) ?? value;
    if (value !== undefined && outside(value.program, dialect) === undefined && isWorthRunning(value)) return value;
  }
  return undefined;
}

/** Guards make jumps longer, and the way of one may have grown. */
const mayBeGuarded = ({ program, env }: Case): boolean =>
  env.guard !== true || program.code.every((code) => code.length <= MOST_GUARDED);

/** Goals that a parent is looked through for: most parents have nothing that could become a given one. */
const AIMS = 6;

function aimed(value: Case, draw: Draw, goals: readonly Goal[]): Case | undefined {
  const { code } = value.program;
  for (let tries = 0; tries < AIMS; tries++) {
    const index = draw.below(code.length);
    const edited = aimAt(code[index]!, draw, draw.pick(goals));
    if (edited !== undefined) return { ...value, program: { ...value.program, code: code.with(index, edited) } };
  }
  return undefined;
}

/** Of a fresh case in a campaign. */
const DEMANDS: Demands = { strictness: "verifier", definedness: "proven" };

const isWorthRunning = (value: Case): boolean =>
  mayBeGuarded(value) && validityOf(value.program, DEMANDS).ok && isSound(value);
