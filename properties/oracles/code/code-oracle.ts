// Oracles of code: each reads the words of a program that was just loaded, out of executable memory. The same function is
// loaded again and again in histories, so what depends on its words alone is judged once.

import type { Va } from "../../../machine/address.js";
import type { Machine } from "../../../machine/machine.js";
import { ENTRY_BYTES, LITERAL_BYTES } from "../../../spec/text/text.js";
import type { Live, Step } from "../../../subjects/step.js";
import type { FunctionView, JitEnv, JitFunction, SubjectKernel } from "../../../subjects/subject.js";
import { firstDifference } from "../memory.js";
import { type Oracle, PASS } from "../oracle.js";
import type { CompiledCode } from "./compiled-code.js";

export interface CodeOracle extends Oracle {
  /** Of one function: one line for each breach. */
  breaches(code: CompiledCode): readonly string[];
}

interface CodeRule extends Pick<CodeOracle, "name" | "statement" | "source" | "breaches"> {
  /** It matters where the function lies, or where those lie that it calls. */
  readonly isAboutPlace?: true;
}

/** So far: each has a bit of its own. */
let rules = 0;

export function codeOracle({ isAboutPlace, ...rule }: CodeRule): CodeOracle {
  const bit = 1 << rules++;
  return {
    ...rule,
    check(step) {
      if (step.result.kind !== "loaded") return PASS;
      let found = PASS;
      const all = loadedCode(step, step.result.live);
      for (let i = 0; i < all.length; i++) {
        const code = all[i]!;
        const { passed } = code;
        if (isAboutPlace === undefined && passed !== undefined && (passed.rules & bit) !== 0) continue;
        const breaches = rule.breaches(code);
        if (breaches.length > 0) found = [...found, ...breaches.map((what) => `function ${i}: ${what}`)];
        else if (passed !== undefined) passed.rules |= bit;
      }
      return found;
    },
  };
}

let last: { readonly step: Step; readonly code: readonly CompiledCode[] } | undefined;

/** Of all functions that the step loaded. Oracles ask one after the other, so the last answer is kept. */
function loadedCode(step: Step, { program }: Live): readonly CompiledCode[] {
  if (last?.step !== step) last = { step, code: codeOf(step.scene.kernel, program.functions) };
  return last.code;
}

/** More than lies between code and table. */
const MOST_SLACK_BYTES = 4096;

/** What is read of a kernel. */
export type CodeKernel = Pick<SubjectKernel, "machine" | "env">;

const helpers = new WeakMap<JitEnv["inlined"], ReadonlySet<number>>();

function inlinedHelpers({ inlined }: JitEnv): ReadonlySet<number> {
  const found = helpers.get(inlined) ?? new Set([...inlined.smpProcessorId, ...inlined.currentTask]);
  helpers.set(inlined, found);
  return found;
}

/** The functions are those of one or more programs, each of which begins with its main function. */
export function codeOf({ machine, env }: CodeKernel, all: readonly FunctionView[]): readonly CompiledCode[] {
  const { callBase, dummyTramp, bti, changes, branchHistory: history } = env;
  const inlined = inlinedHelpers(env);
  let functions: Va[] = [];
  return all.map((view) => {
    const { fn, jitedLen, offsets, extable } = view;
    const isMain = fn.index === 0;
    if (isMain) functions = [];
    const roImage = view.bpfFunc!;
    functions.push(roImage);
    const codeBytes = jitedLen + LITERAL_BYTES;
    // A table that is not behind the code is not read: exception-entries then misses it.
    const distance = extable === undefined ? -1 : extable - roImage;
    const hasTable = distance >= codeBytes && distance < codeBytes + MOST_SLACK_BYTES;
    const tableBytes = hasTable ? distance : codeBytes;
    const entries = hasTable ? view.entries : 0;
    const { words, passed } = wordsOf(machine, view, { tableBytes, entries, bti, history });
    return {
      insns: fn.insns,
      words,
      codeWords: jitedLen / 4,
      roImage,
      offsets,
      tableBytes,
      entries,
      callBase,
      dummyTramp,
      functions,
      inlined,
      bti,
      changes,
      isMain,
      wasClassic: fn.wasClassic === true,
      history,
      passed,
    };
  });
}

/** Byte offset and entries of the exception table; what else of the kernel the rules go by. */
interface TablePlace extends Pick<CompiledCode, "tableBytes" | "entries" | "bti" | "history"> {}
interface Known {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
  readonly view: FunctionView;
  readonly place: TablePlace;
  readonly passed: { rules: number };
}
const known = new WeakMap<JitFunction, Known>();

/** Code, literal and table as they stand in memory: what is known from last time if nothing has changed. */
function wordsOf(machine: Machine, view: FunctionView, place: TablePlace): Known {
  const { fn, bpfFunc, jitedLen, offsets } = view;
  const { tableBytes, entries, bti, history } = place;
  const before = known.get(fn);
  if (
    before?.place.tableBytes === tableBytes &&
    before.place.entries === entries &&
    before.place.bti === bti &&
    before.place.history === history &&
    before.view.jitedLen === jitedLen &&
    isSame(before.view.offsets, offsets) &&
    firstDifference(machine, bpfFunc!, before.bytes) === undefined
  ) {
    return before;
  }
  const bytes = machine.peek(bpfFunc!, tableBytes + entries * ENTRY_BYTES);
  const words = new Uint32Array(bytes.buffer);
  const read: Known = { bytes, words, view, place, passed: { rules: 0 } };
  known.set(fn, read);
  return read;
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
