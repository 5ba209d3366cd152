// The structure of a program that is loaded, read from the machine's executable memory.

import type { FunctionView, SubjectKernel } from "../../../subjects/subject.js";
import type { CompiledCode } from "./compiled-code.js";
import { structureBreaches } from "./index.js";

/** The address behind the code. */
const LITERAL_BYTES = 8;
const ENTRY_BYTES = 12;

/** Of all functions of one program, which have their final addresses. */
export function loadedBreaches(
  kernel: Pick<SubjectKernel, "machine" | "env">,
  functions: readonly FunctionView[],
): readonly string[] {
  const { smpProcessorId, currentTask } = kernel.env.inlined;
  const common = {
    callBase: kernel.env.callBase,
    dummyTramp: kernel.env.dummyTramp,
    functions: functions.map(({ bpfFunc }) => bpfFunc!),
    inlined: new Set([...smpProcessorId, ...currentTask]),
    bti: kernel.env.bti,
  };
  return functions.flatMap((prog, i) => {
    const breaches = structureBreaches({ ...common, ...codeOf(kernel, prog) });
    return breaches.map((what) => `function ${i}: ${what}`);
  });
}

type OfOne = Omit<CompiledCode, "callBase" | "dummyTramp" | "functions" | "inlined" | "bti">;

function codeOf(
  { machine }: Pick<SubjectKernel, "machine">,
  { fn, bpfFunc, jitedLen, offsets, extable, entries }: FunctionView,
): OfOne {
  const roImage = bpfFunc!;
  const tableBytes = extable === undefined ? jitedLen + LITERAL_BYTES : extable - roImage;
  // A copy, so that it begins on a word.
  const bytes = machine.peek(roImage, tableBytes + entries * ENTRY_BYTES).slice();
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return {
    insns: fn.insns,
    words,
    codeWords: jitedLen / 4,
    roImage,
    offsets,
    tableBytes,
    entries,
    isMain: fn.index === 0,
  };
}
