// One run of a case, traced in both witnesses.

import { type Disassemble, openDisassembler } from "../../../engines/capstone/disassembler.js";
import type { TraceState } from "../../../engines/engine.js";
import { referenceEngine } from "../../../engines/reference/engine.js";
import { pointer, type Va } from "../../../machine/address.js";
import { TAIL_CALL } from "../../../spec/bpf/helpers.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { interpret, POISON } from "../../../spec/bpf/interpret.js";
import type { Layout } from "../../../spec/bpf/program.js";
import { printInsn } from "../../../spec/bpf/text/print.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { defaultSubject } from "../../../subjects/index.js";
import { lowerProgram } from "../../../subjects/lowering.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { type LoadedImage, loadedBy, ProgramSession } from "../../../subjects/session/program-session.js";
import { tailCallCountOf } from "../../counting.js";
import { partsOf } from "../compile.js";
import { a64Fuel } from "./answer.js";
import { FUEL } from "./report.js";
import { type BpfStep, groupWords, pairSteps, type TraceRow, type WordStep } from "./trace.js";

export interface Trace {
  readonly rows: readonly TraceRow[];
  /** Whether more steps followed than are kept. */
  readonly cut: boolean;
}

/** Steps kept of each witness. */
const MAX_STEPS = 20_000;

/** @throws RangeError if the case is not valid or not compiled: check it first. */
export async function traceRun(c: Case, input: Uint8Array, subject = defaultSubject): Promise<Trace> {
  return traceWith(c, input, await openDisassembler(), subject);
}

/** The same, with the words' text from anywhere. */
export function traceWith(c: Case, input: Uint8Array, disassemble: Disassemble, subject = defaultSubject): Trace {
  const { program } = c;
  const validity = validate(program, { strictness: "rfc", definedness: "run" });
  if (!validity.ok) throw new RangeError(`invalid: ${validity.problems[0]?.message}`);
  const codes = lowerProgram(program, validity.facts, c.env, subject.build?.changes);
  const words: WordStep[] = [];
  // R0..R10.
  const holders = Array.from({ length: 11 }, (_, bpf) => subject.registerOf(bpf));
  let places: ReadonlyMap<Va, Place> = new Map();
  const session = new ProgramSession({
    subject,
    engines: [referenceEngine],
    fuel: a64Fuel(FUEL),
    trace: (state) => {
      if (words.length < MAX_STEPS) words.push(wordStep(state, places.get(state.pc) ?? OUTSIDE, holders, disassemble));
    },
  });
  const live = loadedBy(session.load(codes, c.env));
  if (typeof live === "string") throw new RangeError(live);
  places = placesOf(c, session.imagesOf(live));
  const layout = layoutOf(program, input.length, session.frames(live));
  const steps: BpfStep[] = [];
  const outcome = interpret({
    program,
    input,
    layout,
    fuel: FUEL,
    tailCallCount: tailCallCountOf(subject),
    track: validity.facts,
    trace: ({ code, pc, insn, registers }) => {
      if (steps.length >= MAX_STEPS) return;
      const bpf = printInsn(program.code[code] ?? [], pc);
      steps.push({ code, pc, bpf, registers: [...registers.slice(0, 11)], sets: setBy(insn), flow: flowOf(insn) });
    },
  });
  session.run(live, [{ program, input, layout, expected: outcome }]);
  const jumpsToItself = (code: number, pc: number): boolean => {
    const insn = program.code[code]?.[pc];
    return insn?.row.kind === "jump" && insn.off === -1;
  };
  const rows = pairSteps(steps, groupWords(words, jumpsToItself), isPromised(layout));
  return { rows, cut: words.length >= MAX_STEPS || steps.length >= MAX_STEPS };
}

/** The registers that an instruction leaves a value of its own in. */
function setBy({ row, dst, src, imm }: Insn): readonly number[] {
  // What is called goes on with the registers as they are; only a helper has come back with r0.
  if (row.kind === "call") return row.target === "helper" && imm !== TAIL_CALL ? [0] : [];
  if (row.kind === "atomic") return row.op === "cmpxchg" ? [0] : row.fetch ? [src] : [];
  return row.dst === "w" || row.dst === "rw" ? [dst] : [];
}

/** How far a pointer may have been moved out of what it points to. */
const REACH = 0x1_0000;

/** Pointers into the frames of callees, which lie where each witness likes, and what a call leaves behind are not. */
const isPromised =
  ({ calleeStacks: { base, bytes } }: Layout) =>
  (value: bigint): boolean =>
    value !== POISON && (value < pointer(base - REACH) || value > pointer(base + bytes + REACH));

function flowOf({ row, imm }: Insn): BpfStep["flow"] {
  if (row.kind === "call" && row.target === "local") return "call";
  if (row.kind === "call" && row.target === "helper" && imm === TAIL_CALL) return "tailCall";
  return row.kind === "exit" ? "exit" : "on";
}

/** What the word at an address belongs to. */
interface Place {
  readonly code: number;
  readonly part: number | string;
  readonly first: boolean;
}

function placesOf({ program }: Case, images: readonly LoadedImage[]): ReadonlyMap<Va, Place> {
  const places = new Map<Va, Place>();
  for (const { code, words, va, ...image } of images) {
    for (const { part, from, to } of partsOf({ ...image, written: program.code[code] ?? [] }, words)) {
      for (let word = from; word < to; word++) places.set(va + 4 * word, { code, part, first: word === from });
    }
  }
  return places;
}

const OUTSIDE: Place = { code: -1, part: "outside", first: true };

function wordStep(
  { pc, word, x }: TraceState,
  place: Place,
  holders: readonly number[],
  disassemble: Disassemble,
): WordStep {
  const text = disassemble(word, pointer(pc)) ?? "undefined instruction";
  return { va: pc, word, text, ...place, registers: holders.map((holder) => x[holder] ?? 0n) };
}
