// Why an instruction did not complete, from the numbers that the interpreter leaves.

import { hex64 } from "../../spec/bits.js";
import type { EngineFault } from "../engine.js";
import type { Host } from "./host.js";
import * as at from "./layout.js";

interface Stop {
  /** `note` and `pause`: the instruction is only about to be executed. */
  readonly why: EngineFault | "note" | "pause";
  readonly detail: string;
}

const BRANCHES = ["br", "blr", "ret"];

export function lastStop({ words, wide }: Host): Stop {
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
    case at.STOP_BREAKPOINT:
      return { why: "breakpoint", detail: `brk #0x${address.toString(16)}` };
    case at.STOP_BRANCH:
      return { why: "notExecutable", detail: `${BRANCHES[bytes]} to ${place}, which is no kernel address` };
    case at.STOP_NOTE:
      return { why: "note", detail: "" };
    case at.STOP_PAUSE:
      return { why: "pause", detail: "" };
    default:
      throw new RangeError(`the interpreter stopped for reason ${words[at.STOP_WHY / 4]}, which it has not`);
  }
}
