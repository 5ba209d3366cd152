// Where in the kernel's own code a case fails, of a subject that knows: the functions that were running, and what the machine
// did meanwhile. Nothing here judges: it looks again at what an oracle has objected to.

import type { Engine } from "../engines/engine.js";
import type { Va } from "../machine/address.js";
import { hasRange } from "../machine/event.js";
import { decode } from "../spec/a64/decode.js";
import { text } from "../spec/a64/text.js";
import { hexWord } from "../spec/bits.js";
import { DEFAULT_OPTIONS, type History, NOTHING_ELSE } from "../subjects/action.js";
import type { Case } from "../subjects/case.js";
import type { Step, TraceEvent } from "../subjects/step.js";
import type { Subject } from "../subjects/subject.js";
import { checkHistory, type Violation } from "./cases/history/check.js";
import type { TraceRow } from "./cases/program/trace.js";
import { traceWith } from "./cases/program/trace-run.js";
import { type Disagreement, EXEC_MATCH } from "./verdict.js";

/** Places are written innermost function first: `patch_map+0xe4 < __text_poke+0x84`. */
export type InKernel =
  /** While the machine did something. `at`: the event that it is about; undefined if it is about none. */
  | {
      readonly kind: "events";
      readonly place: string;
      readonly at: number | undefined;
      readonly events: readonly TraceEvent[];
      /** By event. */
      readonly places: readonly (string | undefined)[];
      /** The step that the events are of. */
      readonly step: Step | undefined;
    }
  /** The JIT, when it made these words. */
  | { readonly kind: "words"; readonly place: string; readonly of: string; readonly words: readonly MadeWord[] };

interface MadeWord {
  readonly va: Va;
  readonly text: string;
  readonly place: string | undefined;
}

/** Whether the subject is somebody's kernel, whose functions have names. */
export const hasOwnCode = ({ executed }: Pick<Subject, "executed">): boolean => executed !== undefined;

/** As a kernel writes where it is: one function, or several of which each was called by the next. */
const BACKTRACE = /[\w.]+\+0x[0-9a-f]+(?: < [\w.+]+)*/;
/** Low 48 bits of addresses of memory that kernels allocate. */
const ADDRESS = /\b0x(?:ffff)?([89a-f][0-9a-f]{11}|4[0-9a-f]{10})\b/g;

/** The same of a program that is loaded and given back. */
export const inKernelOfLoad = (c: Case, subject: Subject, engine?: Engine): InKernel | undefined =>
  inKernelOfHistory(
    {
      options: { ...DEFAULT_OPTIONS, ...subject.fixed },
      actions: [{ ...NOTHING_ELSE, kind: "load", id: 0, program: { case: c } }],
    },
    subject,
    engine,
  );

/** Of the first action at which an oracle objects; undefined where none does, or no function is known. */
export function inKernelOfHistory(history: History, subject: Subject, engine?: Engine): InKernel | undefined {
  let last: { readonly step: Step; readonly violation: Violation | undefined } | undefined;
  const report = checkHistory(history, {
    ...{ subject, isLocated: true },
    ...(engine && { engine }),
    onStep(_action, step, violations) {
      last = { step, violation: violations[0] };
    },
  });
  const violation = last?.violation ?? report.violations[0];
  return last === undefined || violation === undefined ? undefined : placed(last.step, violation);
}

/**
 * Of a program that comes to another result: where the words were made after which a register differs for the first time, else
 * those of the instruction that is to blame.
 *
 * @param blamed id of its row
 */
export function inKernelOfProgram(c: Case, input: Uint8Array, blamed: string, subject: Subject): InKernel | undefined {
  let madeAt: ((va: Va) => string | undefined) | undefined;
  const noting: Subject = {
    ...subject,
    boot(options) {
      const kernel = subject.boot(options);
      madeAt = kernel.noteEmissions?.();
      return kernel;
    },
  };
  const { rows } = traceWith(c, input, textOf, noting);
  const isBlamed = ({ part, words }: TraceRow): boolean =>
    typeof part === "number" && c.program.code[words[0]?.code ?? 0]?.[part]?.row.id === blamed;
  const row =
    rows.find(({ differences, words }) => differences.length > 0 && words.length > 0) ??
    rows.find((one) => isBlamed(one) && one.words.length > 0);
  const words = (row?.words ?? []).map(({ va, text }) => ({ va, text, place: madeAt?.(va) }));
  const place = words.findLast((word) => word.place !== undefined)?.place;
  return row === undefined || place === undefined ? undefined : { kind: "words", place, of: row.bpf, words };
}

const textOf = (word: number, address: bigint): string => {
  const insn = decode(word);
  return insn === undefined ? hexWord(word) : text(insn, Number(BigInt.asUintN(48, address)));
};

function placed(step: Step, { oracle, what }: Pick<Violation, "oracle" | "what">): InKernel | undefined {
  const said = BACKTRACE.exec(what)?.[0];
  if (said !== undefined) return locatedIn(step, said, undefined);
  const { events, places = [] } = step;
  const about = aboutOf(oracle, what, events, places) ?? lastPlaced(places);
  return locatedIn(step, undefined, about);
}

const locatedIn = (step: Step, said: string | undefined, at: number | undefined): InKernel | undefined => {
  const { events, places = [] } = step;
  const place = said ?? (at === undefined ? undefined : places[at]);
  return place === undefined ? undefined : { kind: "events", place, at, events, places, step };
};

const lastPlaced = (places: readonly (string | undefined)[]): number | undefined => {
  const at = places.findLastIndex((place) => place !== undefined);
  return at < 0 ? undefined : at;
};

/** The JIT, which made the code. */
const COMPILING = /\bbpf_int_jit_compile\+/;

/** By oracle, the kinds of events that it counts or reads; those of memory that is kept look for what was not given back. */
const ABOUT: Readonly<Record<string, readonly TraceEvent["kind"][] | "kept">> = {
  "no-leak": "kept",
  "fallback-is-clean": "kept",
  "flush-covers-writes": ["flush"],
  "lock-discipline": ["lock", "unlock"],
  "w-xor-x": ["setPermission"],
  "no-stale-fetch": ["flush", "ipi"],
  "poke-atomic": ["map", "unmap"],
};

/** The event that an objection is about: of those that its oracle reads, the last that touched an address it names. */
function aboutOf(
  oracle: string,
  what: string,
  events: readonly TraceEvent[],
  places: readonly (string | undefined)[],
): number | undefined {
  const last = (is: (event: TraceEvent) => boolean): number | undefined => {
    const at = events.findLastIndex((event, i) => places[i] !== undefined && is(event));
    return at < 0 ? undefined : at;
  };
  const kinds = ABOUT[oracle];
  if (kinds === "kept") {
    const kept = events.findIndex(
      (event, i) => places[i] !== undefined && event.kind === "alloc" && !isGivenBack(events, i, event.va),
    );
    if (kept >= 0) return kept;
  }
  for (const [, digits] of what.matchAll(ADDRESS)) {
    const va = Number.parseInt(digits!, 16);
    const at = last((event) => hasRange(event) && va >= event.va && va < event.va + event.bytes);
    if (at !== undefined) return at;
  }
  return kinds === undefined || kinds === "kept" ? undefined : last(({ kind }) => kinds.includes(kind));
}

const isGivenBack = (events: readonly TraceEvent[], from: number, va: Va): boolean =>
  events.some((event, i) => i > from && event.kind === "free" && event.va === va);

/**
 * Of whatever else is done on a subject.
 *
 * @param what is objected to
 * @param prepare on the same kernel, before anybody listens
 */
export function inKernelWhile<T>(
  subject: Subject,
  { oracle, got }: Pick<Disagreement, "oracle" | "got">,
  prepare: (subject: Subject) => T,
  run: (prepared: T) => void,
): InKernel | undefined {
  const events: TraceEvent[] = [];
  const places: (string | undefined)[] = [];
  const prepared = prepare({
    ...subject,
    boot(options) {
      const kernel = subject.boot(options);
      options.machine.onEvent = (event) => {
        events.push(event);
        places.push(kernel.where?.());
      };
      return kernel;
    },
  });
  events.length = places.length = 0;
  run(prepared);
  const said = BACKTRACE.exec(got)?.[0];
  if (said === undefined && oracle === EXEC_MATCH) {
    // What the code does is a matter of the JIT, and of no event.
    const compiling = places.findLast((place) => place !== undefined && COMPILING.test(place));
    const place = compiling?.slice(compiling.search(COMPILING));
    return place === undefined ? undefined : { kind: "words", place, of: "the program", words: [] };
  }
  const at = said === undefined ? lastPlaced(places) : undefined;
  const place = said ?? (at === undefined ? undefined : places[at]);
  return place === undefined ? undefined : { kind: "events", place, at, events, places, step: undefined };
}
