// A case as plain bytes and numbers, for threads: its instructions encoded, since table rows are compared by identity and
// must not be copied.

import { decode, encode } from "../../../spec/bpf/insn.js";
import type { Program } from "../../../spec/bpf/program.js";
import type { Case } from "../../../subjects/case.js";

export interface PackedCase extends Omit<Program, "code"> {
  readonly code: readonly Uint8Array[];
  readonly inputs: Case["inputs"];
  readonly env: Case["env"];
}

export const packCase = ({ program: { code, ...around }, inputs, env }: Case): PackedCase => ({
  ...around,
  code: code.map(encode),
  inputs,
  env,
});

/** @throws RangeError if the bytes are not those of a case */
export function unpackCase({ code, inputs, env, ...around }: PackedCase): Case {
  const programs = code.map((bytes) => {
    const decoded = decode(bytes);
    if (!decoded.ok) throw new RangeError(`slot ${decoded.error.pc}: ${decoded.error.message}`);
    return decoded.value;
  });
  return { program: { ...around, code: programs }, inputs, env };
}
