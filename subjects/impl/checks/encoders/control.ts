// Branches and system instructions.

import * as branch from "../../../../impl/a64/branch.js";
import * as system from "../../../../impl/a64/system.js";
import type { A64Insn } from "../../../../spec/a64/insn.js";
import type { SystemRegisterName } from "../../../../spec/a64/system-registers.js";
import { constant, type Form, form, number, type Operand, oneOf, REG, type Says, WIDTH, width } from "./form.js";

interface Distance {
  readonly operand: Operand<number>;
  /** The instruction, if a branch of `step` bytes a unit reaches that far. */
  says(bytes: number, insn: A64Insn): Says;
}
/** From -reach to below reach, in whole steps. */
function distance(reach: number, step: number, bits: number): Distance {
  const around = [-reach, 0, reach].flatMap((at) => [-8, -4, -3, -2, -1, 0, 1, 2, 3, 4, 8].map((by) => at + by));
  const any = number(bits, [...around, 2 ** 31, 2 ** 32, -(2 ** 32)]);
  // Most that are drawn have to be a distance.
  const draw: Operand<number>["draw"] = (random) =>
    random.chance(80) ? 4 * Math.floor(any.draw(random) / 4) : any.draw(random);
  return {
    operand: { values: any.values, draw },
    says(bytes, insn) {
      if (bytes < -reach || bytes >= reach) return "branchRange";
      return bytes % step === 0 ? insn : "branchAlignment";
    },
  };
}
const longDistance = distance(128 * 2 ** 20, 4, 27);
export const shortDistance = distance(2 ** 20, 4, 20);
const byteDistance = distance(2 ** 20, 1, 20);

/** The architecture's numbers of the conditions. */
const CONDITIONS: Readonly<Record<keyof typeof branch.COND, number>> = {
  ...{ eq: 0, ne: 1, cs: 2, cc: 3, hi: 8, ls: 9, ge: 10, lt: 11, gt: 12, le: 13 },
};
const CONDITION = oneOf(Object.keys(CONDITIONS) as readonly (keyof typeof branch.COND)[]);

const BRANCHES: readonly Form[] = [
  ...(["b", "bl"] as const).map((name) =>
    form(name, [longDistance.operand], branch[name], (offset) =>
      longDistance.says(offset, { kind: "branch", link: name === "bl", offset }),
    ),
  ),
  form(
    "bCond",
    [CONDITION, shortDistance.operand],
    (name, offset) => branch.bCond(branch.COND[name], offset),
    (name, offset) => shortDistance.says(offset, { kind: "branchConditional", condition: CONDITIONS[name], offset }),
  ),
  ...(["cbz", "cbnz"] as const).map((name) =>
    form(name, [WIDTH, REG, shortDistance.operand], branch[name], (w, rt, offset) =>
      shortDistance.says(offset, { kind: "compareAndBranch", nonzero: name === "cbnz", width: width(w), rt, offset }),
    ),
  ),
  form("adr", [REG, byteDistance.operand], branch.adr, (rd, offset) =>
    byteDistance.says(offset, { kind: "address", page: false, rd, offset }),
  ),
  ...(["br", "blr", "ret"] as const).map((op) =>
    form(op, [REG], branch[op], (rn) => ({ kind: "branchRegister", op, rn })),
  ),
];

/** Implementation's names of the three registers -> the architecture's. */
const SYSTEM_REGISTERS: Readonly<Record<keyof typeof system.SYSREG, SystemRegisterName>> = {
  ...{ tpidrEl1: "tpidr_el1", tpidrEl2: "tpidr_el2", spEl0: "sp_el0" },
};
const SYSREG = oneOf(Object.keys(SYSTEM_REGISTERS) as readonly (keyof typeof system.SYSREG)[]);

const SYSTEM: readonly Form[] = [
  constant("NOP", system.NOP, { kind: "hint", imm7: 0 }),
  constant("PACIASP", system.PACIASP, { kind: "hint", imm7: 25 }),
  constant("AUTIASP", system.AUTIASP, { kind: "hint", imm7: 29 }),
  constant("BTI_J", system.BTI_J, { kind: "hint", imm7: 36 }),
  constant("BTI_JC", system.BTI_JC, { kind: "hint", imm7: 38 }),
  constant("CLEARBHB", system.CLEARBHB, { kind: "hint", imm7: 22 }),
  constant("DMB_ISH", system.DMB_ISH, { kind: "barrier", op: "dmb", option: 11 }),
  constant("DSB_NSH", system.DSB_NSH, { kind: "barrier", op: "dsb", option: 7 }),
  constant("DSB_ISH", system.DSB_ISH, { kind: "barrier", op: "dsb", option: 11 }),
  constant("ISB", system.ISB, { kind: "barrier", op: "isb", option: 0 }),
  constant("HVC_0", system.HVC_0, { kind: "exception", op: "hvc", imm16: 0 }),
  constant("SMC_0", system.SMC_0, { kind: "exception", op: "smc", imm16: 0 }),
  form(
    "mrs",
    [REG, SYSREG],
    (rt, name) => system.mrs(rt, system.SYSREG[name]),
    (rt, name) => ({ kind: "readSystem", register: SYSTEM_REGISTERS[name], rt }),
  ),
];

export const CONTROL: readonly Form[] = [...BRANCHES, ...SYSTEM];
