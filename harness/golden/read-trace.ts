// A recorded history of allocations out of its file.

import { type BadInput, refuse } from "../bad-input.js";
import { type AllocTraceReport, parseTraceOp, type TraceOp } from "./alloc-trace.js";
import { readRecords } from "./records.js";

export interface ReadTrace {
  readonly name: string;
  readonly ops: readonly TraceOp[];
  /** Why it ends before the file does. */
  readonly problem?: BadInput;
}
export type TraceResult = Omit<AllocTraceReport, "failures"> & { readonly name: string };

/** All operations up to the first line that is none: behind a gap no address can be told. */
export async function readTrace(file: string): Promise<ReadTrace> {
  const ops: TraceOp[] = [];
  for await (const record of readRecords(file)) {
    if (!record.ok) return { name: file, ops, problem: record.error };
    const op = parseTraceOp(record.value.text);
    if (typeof op === "string") {
      const next = "record the history again";
      const { error } = refuse({ subject: record.value.name, expected: "a load or a free", got: op, next });
      return { name: file, ops, problem: error };
    }
    ops.push(op);
  }
  return { name: file, ops };
}
