// Oracles of code: each reads the words of a program that was just loaded, out of executable memory. The same function is
// loaded again and again in histories, so what depends on its words alone is judged once.

import type { Va } from "../../../machine/address.js";
import type { Machine } from "../../../machine/machine.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import type { Row } from "../../../spec/bpf/isa.js";
import { mapList } from "../../../spec/lists.js";
import { ENTRY_BYTES, LITERAL_BYTES } from "../../../spec/text/text.js";
import type { Live, Step } from "../../../subjects/step.js";
import type { FunctionView, JitFunction, SubjectKernel } from "../../../subjects/subject.js";
import { inlinedHelpers } from "../../inlined-helpers.js";
import { holdsWords } from "../memory.js";
import { type Oracle, PASS } from "../oracle.js";
import type { CompiledCode } from "./compiled-code.js";

/** Of one slot: what is wrong with its words, a line for each breach. */
type SlotRule = (code: CompiledCode, insn: Insn, pc: number) => readonly string[];

export interface CodeOracle extends Oracle {
  /** Of one function: one line for each breach. */
  breaches(code: CompiledCode): readonly string[];
}

interface CodeRule extends Pick<CodeOracle, "name" | "statement" | "source"> {
  /** It matters where the function lies, or where those lie that it calls. */
  readonly isAboutPlace?: true | undefined;
  /** Of the function as a whole. */
  readonly whole?: ((code: CompiledCode) => readonly string[]) | undefined;
  /** Of each slot of these kinds. */
  readonly slots?: { readonly kinds: readonly Row["kind"][]; readonly rule: SlotRule } | undefined;
}

/** A rule among all: which bit is its, and which slots it is about. */
interface Ranked extends CodeRule {
  readonly bit: number;
}
const ranked: Ranked[] = [];
/** By row: the rules about its slots, once they were asked for. */
let rulesByRow: (readonly Ranked[] | undefined)[] = [];

export function codeOracle(given: CodeRule): CodeOracle {
  const rank = ranked.length;
  const { name, statement, source, isAboutPlace, whole, slots } = given;
  // Written out: all have one shape.
  const rule: Ranked = { name, statement, source, isAboutPlace, whole, slots, bit: 1 << rank };
  ranked.push(rule);
  rulesByRow = [];
  return {
    name,
    statement,
    source,
    about: ABOUT,
    check(step) {
      if (step.result.kind !== "loaded") return PASS;
      const breaches = judged(step, step.result.live)?.[rank];
      return breaches === undefined ? PASS : breaches.map(({ index, what }) => `function ${index}: ${what}`);
    },
    breaches: (code) => (judge(code, 0, rule.bit)?.[rank] ?? []).map(({ what }) => what),
  };
}
const ABOUT = ["loaded"] as const;

interface Breach {
  /** Of the function. */
  readonly index: number;
  readonly what: string;
}
/** By rule; undefined where it has no objection. */
type Breaches = (Breach[] | undefined)[];

/** Of all rules whose bit is set: slots are looked at once, for all of them. Undefined: nobody objects. */
function judge(code: CompiledCode, index: number, rules: number): Breaches | undefined {
  let found: Breaches | undefined;
  for (const { whole, bit } of ranked) {
    if (whole === undefined || (rules & bit) === 0) continue;
    const breaches = whole(code);
    if (breaches.length > 0) found = objected(found, bit, index, breaches, "");
  }
  if (!ranked.some(({ slots, bit }) => slots !== undefined && (rules & bit) !== 0)) return found;
  const { insns } = code;
  for (let pc = 0; pc < insns.length; pc++) {
    const insn = insns[pc]!;
    const about = rulesByRow[insn.row.index!] ?? rulesOf(insn.row);
    for (let i = 0; i < about.length; i++) {
      const { slots, bit } = about[i]!;
      if ((rules & bit) === 0) continue;
      const breaches = slots!.rule(code, insn, pc);
      if (breaches.length > 0) found = objected(found, bit, index, breaches, `slot ${pc} (${insn.row.id}): `);
    }
  }
  return found;
}

function objected(
  found: Breaches = [],
  bit: number,
  index: number,
  breaches: readonly string[],
  where: string,
): Breaches {
  const rank = 31 - Math.clz32(bit);
  return added(
    found,
    rank,
    breaches.map((what) => ({ index, what: where + what })),
  );
}

function rulesOf({ kind, index }: Row): readonly Ranked[] {
  const rules = ranked.filter(({ slots }) => slots?.kinds.includes(kind) === true);
  rulesByRow[index!] = rules;
  return rules;
}

let lastJudged: { readonly step: Step; readonly breaches: Breaches | undefined } | undefined;

/** Oracles ask one after the other, so the last answer is kept. */
function judged(step: Step, { program }: Live): Breaches | undefined {
  if (lastJudged?.step === step) return lastJudged.breaches;
  let all: Breaches | undefined;
  const { kernel, loadsOnce = false } = step.scene;
  for (const [index, code] of codeOf(kernel, program.functions, !loadsOnce).entries()) {
    const { passed } = code;
    const wanted = ~(passed?.rules ?? 0);
    const breaches = judge(code, index, wanted);
    if (breaches === undefined && passed === undefined) continue;
    for (const rule of ranked) {
      const { bit } = rule;
      if ((wanted & bit) === 0) continue;
      const found = breaches?.[31 - Math.clz32(bit)];
      if (found !== undefined) all = added(all, 31 - Math.clz32(bit), found);
      else if (passed !== undefined && isSettled(rule, code)) passed.rules |= bit;
    }
  }
  lastJudged = { step, breaches: all };
  return all;
}

/** A rule that has no objection to the words has none wherever they lie: it is not about places, or about none of the slots. */
const isSettled = ({ isAboutPlace, whole, slots }: Ranked, { insns }: CompiledCode): boolean =>
  isAboutPlace === undefined || (whole === undefined && !insns.some(({ row }) => slots?.kinds.includes(row.kind)));

function added(all: Breaches = [], rank: number, found: readonly Breach[]): Breaches {
  all[rank] = [...(all[rank] ?? []), ...found];
  return all;
}

/** More than lies between code and table. */
const MOST_SLACK_BYTES = 4096;

/** What is read of a kernel. */
export type CodeKernel = Pick<SubjectKernel, "machine" | "env" | "literalBytes" | "entryBytes">;

/**
 * The functions are those of one or more programs, each of which begins with its main function.
 *
 * @param isRemembered they may be loaded again
 */
export function codeOf(
  { machine, env, literalBytes = LITERAL_BYTES, entryBytes = ENTRY_BYTES }: CodeKernel,
  all: readonly FunctionView[],
  isRemembered = true,
): readonly CompiledCode[] {
  const { callBase, dummyTramp, bti, changes, branchHistory: history } = env;
  const inlined = inlinedHelpers(env);
  let functions: Va[] = [];
  return mapList(all, (view) => {
    const { fn, jitedLen, offsets, extable } = view;
    const isMain = fn.index === 0;
    if (isMain) functions = [];
    const roImage = view.bpfFunc!;
    functions.push(roImage);
    const codeBytes = jitedLen + literalBytes;
    // A table that is not behind the code is not read: exception-entries then misses it.
    const distance = extable === undefined ? -1 : extable - roImage;
    const hasTable = distance >= codeBytes && distance < codeBytes + MOST_SLACK_BYTES;
    const tableBytes = hasTable ? distance : codeBytes;
    const entries = hasTable ? view.entries : 0;
    const { words, passed } = wordsOf(machine, view, { tableBytes, entries, entryBytes, bti, history }, isRemembered);
    return {
      insns: fn.insns,
      words,
      codeWords: jitedLen / 4,
      roImage,
      offsets,
      tableBytes,
      entries,
      entryBytes,
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
interface TablePlace extends Pick<CompiledCode, "tableBytes" | "entries" | "entryBytes" | "bti" | "history"> {}
interface Known {
  readonly words: Uint32Array;
  readonly view: FunctionView;
  readonly place: TablePlace;
  /** Undefined for what nobody loads again. */
  readonly passed: { rules: number } | undefined;
}
const known = new WeakMap<JitFunction, Known>();

/** Code, literal and table as they stand in memory: what is known from last time if nothing has changed. */
function wordsOf(machine: Machine, view: FunctionView, place: TablePlace, isRemembered: boolean): Known {
  const { fn, bpfFunc, jitedLen, offsets } = view;
  const { tableBytes, entries, entryBytes, bti, history } = place;
  const before = isRemembered ? known.get(fn) : undefined;
  if (
    before?.place.tableBytes === tableBytes &&
    before.place.entries === entries &&
    before.place.entryBytes === entryBytes &&
    before.place.bti === bti &&
    before.place.history === history &&
    before.view.jitedLen === jitedLen &&
    isSame(before.view.offsets, offsets) &&
    holdsWords(machine, bpfFunc!, before.words)
  ) {
    return before;
  }
  const { buffer, byteOffset, length } = machine.peek(bpfFunc!, tableBytes + entries * entryBytes);
  const words = new Uint32Array(buffer, byteOffset, length / 4);
  const read: Known = { words, view, place, passed: isRemembered ? { rules: 0 } : undefined };
  // A map of what lives for a moment only keeps it alive until all of memory is looked through.
  if (isRemembered) known.set(fn, read);
  return read;
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
