// A case as plain bytes and numbers, for threads: its instructions encoded, since table rows are compared by identity and
// must not be copied.

import { decode, encode } from "../../../spec/bpf/insn.js";
import type { Program } from "../../../spec/bpf/program.js";
import type { Case } from "../../../subjects/case.js";

export interface PackedCase {
  readonly code: readonly Uint8Array[];
  readonly maps: Program["maps"];
  readonly context: Program["context"];
  readonly fields: Program["fields"];
  readonly unknownCalls: Program["unknownCalls"];
  readonly inputs: Case["inputs"];
  readonly env: Case["env"];
}

export const packCase = ({ program, inputs, env }: Case): PackedCase => ({
  code: program.code.map(encode),
  maps: program.maps,
  context: program.context,
  fields: program.fields,
  unknownCalls: program.unknownCalls,
  inputs,
  env,
});

/** @throws RangeError if the bytes are not those of a case */
export function unpackCase({ code, maps, context, fields, unknownCalls, inputs, env }: PackedCase): Case {
  const programs = code.map((bytes) => {
    const decoded = decode(bytes);
    if (!decoded.ok) throw new RangeError(`slot ${decoded.error.pc}: ${decoded.error.message}`);
    return decoded.value;
  });
  const more = { ...(fields && { fields }), ...(unknownCalls !== undefined && { unknownCalls }) };
  return { program: { code: programs, maps, context, ...more }, inputs, env };
}
