// One run of a case, traced in both witnesses.

import type { Case } from "../properties/case.js";
import type { TraceRow } from "./trace.js";

export async function traceRun(c: Case, input: Uint8Array): Promise<readonly TraceRow[]> {
  throw new Error(`no trace yet of ${c.program.code.length} programs on ${input.length} bytes`);
}
