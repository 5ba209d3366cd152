// Why an instruction did not complete, from the numbers that the interpreter leaves.

import { hex64, hexWord } from "../../spec/bits.js";
import type { EngineFault } from "../engine.js";
import { noLandingPad } from "../landing.js";
import type { Host } from "./host.js";
import * as at from "./layout.js";

/** The machine is to be told of something. `note`, `code`, `pause` and `complete`: the instruction itself is yet to be executed. */
const FOR_MACHINE = ["note", "code", "pause", "complete", "synchronize", "maintain"] as const;
export type ForMachine = (typeof FOR_MACHINE)[number];
export const isForMachine = (why: Stop["why"]): why is ForMachine => FOR_MACHINE.some((each) => each === why);

interface Stop {
  readonly why: EngineFault | ForMachine;
  readonly detail: string;
}

/** A system register is named as assemblers do when it has no name of its own. */
export function unknownWord(word: number): string {
  const why = `${hexWord(word)}: no instruction that the interpreter knows`;
  const isMove = word >>> 21 === 0xd51 >> 1 || word >>> 21 === 0xd53 >> 1;
  if (!isMove || ((word >>> 20) & 1) === 0) return why;
  const [op0, op1, crn, crm, op2] = [
    2 + ((word >>> 19) & 1),
    (word >>> 16) & 7,
    (word >>> 12) & 15,
    (word >>> 8) & 15,
    (word >>> 5) & 7,
  ];
  return `${hexWord(word)}: system register S${op0}_${op1}_C${crn}_C${crm}_${op2}, which the interpreter does not have`;
}

const BRANCHES = ["br", "blr", "ret"];

/** By number. */
const REASONS: Readonly<Record<number, ForMachine>> = {
  [at.STOP_NOTE]: "note",
  [at.STOP_CODE]: "code",
  [at.STOP_PAUSE]: "pause",
  [at.STOP_COMPLETE]: "complete",
  [at.STOP_SYNCHRONIZE]: "synchronize",
  [at.STOP_MAINTAIN]: "maintain",
};

export function lastStop({ words, wide }: Host): Stop {
  const forMachine = REASONS[words[at.STOP_WHY / 4]!];
  // Kernel code comes here all the time: no text is made of it.
  if (forMachine !== undefined) return { why: forMachine, detail: "" };
  // So does whoever runs into what was freed: a breakpoint is no access, and its number no address.
  if (words[at.STOP_WHY / 4] === at.STOP_BREAKPOINT) {
    return { why: "breakpoint", detail: `brk #0x${words[at.STOP_ADDRESS / 4]!.toString(16)}` };
  }
  const address = wide[at.STOP_ADDRESS / 8]!;
  const sp = wide[at.STOP_SP / 8]!;
  const bytes = words[at.STOP_BYTES / 4]!;
  const place = hex64(address);
  const below = `${bytes} bytes at ${BigInt.asUintN(48, sp) - BigInt.asUintN(48, address)} below sp`;
  switch (words[at.STOP_WHY / 4]) {
    case at.STOP_READ_UNMAPPED:
      return { why: "badRead", detail: `load of ${bytes} bytes at ${place}: not mapped` };
    case at.STOP_WRITE_UNMAPPED:
      return { why: "badWrite", detail: `store of ${bytes} bytes at ${place}: not mapped` };
    case at.STOP_WRITE_PROTECTED:
      return { why: "badWrite", detail: `store of ${bytes} bytes at ${place}: not writable` };
    case at.STOP_LOAD_BELOW_SP:
      return { why: "outsideFrame", detail: `${below}: load from ${place}` };
    case at.STOP_STORE_BELOW_SP:
      return { why: "outsideFrame", detail: `${below}: store to ${place}` };
    case at.STOP_CALLERS_FRAME:
      return { why: "outsideFrame", detail: `store of ${bytes} bytes to ${place} in the caller's frame` };
    case at.STOP_MISALIGNED_STACK:
      return { why: "misalignedStack", detail: `sp is ${place} in an access` };
    case at.STOP_MISALIGNED_LOAD:
      return { why: "badRead", detail: `misaligned atomic: ${bytes} bytes at ${place}` };
    case at.STOP_MISALIGNED_STORE:
      return { why: "badWrite", detail: `misaligned atomic: ${bytes} bytes at ${place}` };
    case at.STOP_BRANCH:
      return { why: "notExecutable", detail: `${BRANCHES[bytes]} to ${place}, which is no kernel address` };
    case at.STOP_BRANCH_TARGET:
      return { why: "branchTarget", detail: noLandingPad(bytes, Number(BigInt.asUintN(48, address))) };
    default:
      throw new RangeError(`the interpreter stopped for reason ${words[at.STOP_WHY / 4]}, which it has not`);
  }
}
