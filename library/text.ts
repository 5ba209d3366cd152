// Programs and histories from text and bytes, and back.

import { Refusal } from "../harness/bad-input.js";
import { HISTORIES } from "../properties/cases/history/index.js";
import type { Kind } from "../properties/cases/kind.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { decode } from "../spec/bpf/insn.js";
import type { History } from "../subjects/action.js";
import type { Case } from "../subjects/case.js";
import { kindOf, type Tested } from "./check.js";

/**
 * A program as `.bpf` files have it (docs/corpus-format.md).
 *
 * @throws Refusal with the line that is wrong, or with why a verifier would refuse it
 */
export const parseProgram = (text: string): Case => parsed(PROGRAMS, text);

/** A history as `.history` files have it. @throws Refusal with the line that is wrong */
export const parseHistory = (text: string): History => parsed(HISTORIES, text);

function parsed<C>(kind: Kind<C>, text: string): C {
  const read = kind.parse(text);
  if (!read.ok) refused(kind.what, read.error.message);
  return accepted(kind, read.value);
}

function accepted<C>(kind: Kind<C>, value: C): C {
  const problem = kind.problem?.(value);
  if (problem !== undefined) refused("a program that a verifier accepts", problem.text);
  return value;
}

function refused(expected: string, got: string): never {
  throw new Refusal({ subject: "text", expected, got, next: "correct it" });
}

/** Text that the command reads: of a `.bpf` or of a `.history` file. */
export const print = (value: Tested): string => kindOf(value).print(value);

/**
 * A program from its instructions, eight bytes each, little endian.
 *
 * @param inputs what r1 points to, one run each. Default: 128 zero bytes
 * @throws Refusal with the slot that is wrong
 */
export function programOf(bytes: Uint8Array, inputs: readonly Uint8Array[] = [new Uint8Array(128)]): Case {
  const decoded = decode(bytes);
  if (!decoded.ok) refused("raw BPF instructions", `slot ${decoded.error.pc}: ${decoded.error.message}`);
  const program = { code: [decoded.value], maps: [], context: "memory" } as const;
  return accepted(PROGRAMS, { program, inputs, env: { cpu: "lse", hole: 0 } });
}

/** The instructions of a program, eight bytes each, little endian. @throws Refusal if it is several, which tail call */
export function instructionsOf(program: Case): Uint8Array {
  const bytes = PROGRAMS.exported!("raw", program, {});
  if (bytes instanceof Uint8Array) return bytes;
  return refused("one program", typeof bytes === "string" ? bytes : bytes.got);
}
