// Programs that nobody has made valid: generated ones, damaged at random. Those are kept that a JIT can be given; most of them
// do at run time what no verifier would let them do.

import type { Insn } from "../../../spec/bpf/insn.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { LINUX_DIALECT } from "../../../subjects/dialect.js";
import { Draw } from "../../../subjects/random/draw.js";
import { randomSource } from "../../../subjects/random/source.js";
import { CaseArbitrary } from "./arbitrary.js";
import { aliasOperands, type CodeEdit, dropOne, edgeImmediate, otherRow, splice, swapOperands } from "./mutate/code.js";

const MOST_EDITS = 4;

const REGISTERS = 11;
const changed = (code: readonly Insn[], pc: number, fields: Partial<Insn>): readonly Insn[] =>
  code.with(pc, { ...code[pc]!, ...fields } as Insn);

/** Any register where one is read or written. */
const otherRegister: CodeEdit = (code, draw) => {
  const pc = draw.below(code.length);
  const { row } = code[pc]!;
  const register = draw.below(REGISTERS);
  if (row.dst !== "none" && draw.chance(50)) return changed(code, pc, { dst: register });
  return row.src === "r" || row.src === "rw" ? changed(code, pc, { src: register }) : undefined;
};

/** Another target: mostly a jump forward, now and then a loop. */
const otherTarget: CodeEdit = (code, draw) => {
  const pc = draw.below(code.length);
  if (code[pc]!.row.off !== "branch") return undefined;
  return changed(code, pc, { off: draw.between(draw.chance(10) ? -pc : 0, code.length - pc) });
};

/** A displacement from anywhere, so that pointers leave what they point to. */
const otherDisplacement: CodeEdit = (code, draw) => {
  const pc = draw.below(code.length);
  return code[pc]!.row.off === "mem" ? changed(code, pc, { off: draw.between(-600, 600) }) : undefined;
};

const EDITS: readonly CodeEdit[] = [
  ...[aliasOperands, dropOne, edgeImmediate, otherRow, splice, swapOperands],
  ...[otherRegister, otherTarget, otherDisplacement],
];

const arbitrary = new CaseArbitrary({ maxSize: 40 });

/** The program of that number, if it is still one that a JIT can be given. */
export function damaged(seed: number, index: number): Case | undefined {
  const draw = new Draw(randomSource(seed, index));
  let value: Case = arbitrary.generate(randomSource(seed + 1, index)).value;
  const other = arbitrary.generate(randomSource(seed + 2, index)).value;
  for (let edits = draw.between(1, MOST_EDITS); edits > 0; edits--) {
    const { code } = value.program;
    const at = draw.below(code.length);
    const edited = draw.pick(EDITS)(code[at]!, draw, draw.pick(other.program.code), LINUX_DIALECT);
    if (edited !== undefined && edited.length > 0) {
      value = { ...value, program: { ...value.program, code: code.with(at, edited) } };
    }
  }
  return validate(value.program, { definedness: "run" }).ok ? value : undefined;
}
