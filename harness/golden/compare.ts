// One recorded program against the witnesses: its images byte for byte, and its result three ways.

import { type Disassemble, openDisassembler } from "../../engines/capstone/disassembler.js";
import type { Engine } from "../../engines/engine.js";
import { pointer } from "../../machine/address.js";
import { verdictOrCrash } from "../../properties/cases/check-or-crash.js";
import { compareBytes, type ImageVerdict } from "../../properties/recordings/bytes.js";
import type { Recording } from "../../properties/recordings/recording.js";
import { compareResult, isDeterministic } from "../../properties/recordings/results.js";
import { exception, type Verdict } from "../../properties/verdict.js";
import { hexWord } from "../../spec/bits.js";
import { decode } from "../../spec/bpf/insn.js";
import { ProgramSession } from "../../subjects/session/program-session.js";
import type { JitFunction, Subject } from "../../subjects/subject.js";
import type { Failure } from "../report.js";

export interface Compared {
  readonly images: number;
  /** How many of them we emit byte for byte, up to the first difference. */
  readonly equal: number;
  /** Row ids of the program; none if an image differs. */
  readonly rows: readonly string[];
  /** Interpreter, JIT on an engine and kernel; undefined where the result depends on time, chance or other programs. */
  readonly result: Verdict | undefined;
  readonly failures: readonly Failure[];
}
type Compare = (name: string, recording: Recording) => Compared;

/** A64 instructions that a recorded program may run. */
const A64_FUEL = 40_000_000;

export async function openComparison(subject: Subject, engines: readonly Engine[]): Promise<Compare> {
  const disassemble = await openDisassembler();
  const makeSession = () => new ProgramSession({ subject, engines, fuel: A64_FUEL });
  let session = makeSession();
  // What an exception has left behind must not decide about the recordings that follow.
  const renew = (): void => {
    session = makeSession();
  };
  return (name, recording) => {
    const title = `${name} (${recording.name})`;
    const verdict = imagesOrCrash(recording, subject);
    const failures: Failure[] = [];
    if (verdict.kind === "incomparable") return { images: 0, equal: 0, rows: [], result: verdict, failures };
    if (verdict.kind !== "equal") failures.push({ name: title, ...imageDifference(recording, verdict, disassemble) });
    const result = isDeterministic(recording)
      ? verdictOrCrash(() => compareResult(recording, session), renew)
      : undefined;
    if (result?.kind === "disagree") {
      const { where, expected, got } = result;
      failures.push({ name: title, where, expected, got });
    }
    const images = recording.functions.length;
    const equal = verdict.kind === "equal" ? images : verdict.kind === "different" ? verdict.function : 0;
    return {
      images,
      equal,
      rows: verdict.kind === "equal" ? rowsOf(recording, verdict.functions) : [],
      result,
      failures,
    };
  };
}

function imagesOrCrash(recording: Recording, subject: Subject): ImageVerdict | Crashed {
  try {
    return compareBytes(recording, subject);
  } catch (error) {
    return exception(error);
  }
}
type Crashed = ReturnType<typeof exception>;

/** Of the program as loaded and as the JIT got it. */
function rowsOf({ insns }: Recording, functions: readonly JitFunction[]): readonly string[] {
  const loaded = insns === undefined ? undefined : decode(insns);
  const all = [...(loaded?.ok ? loaded.value : []), ...functions.flatMap((fn) => fn.insns)];
  return [...new Set(all.map(({ row }) => row.id))];
}

function imageDifference(
  recording: Recording,
  verdict: Exclude<ImageVerdict, { kind: "equal" | "incomparable" }> | Crashed,
  disassemble: Disassemble,
): Omit<Failure, "name"> {
  if (verdict.kind === "disagree") return { where: verdict.where, expected: verdict.expected, got: verdict.got };
  if (verdict.kind === "refused") return { where: "compiling it", expected: "an image", got: verdict.message };
  const { function: index, word, pc, slot, where } = verdict;
  const va = recording.functions[index]!.roImage + 4 * word;
  const say = (emitted: number | undefined): string =>
    emitted === undefined ? "nothing" : `${hexWord(emitted)}  ${disassemble(emitted, pointer(va)) ?? "no instruction"}`;
  const offset = `image ${index} ${word < 0 ? "-" : "+"}0x${Math.abs(4 * word).toString(16)}`;
  const outside = where === "region" ? "in the memory around the code" : "in prologue, epilogue or plt";
  return {
    where: `${offset}, ${pc === undefined ? outside : `slot ${pc}: ${slot}`}`,
    expected: say(verdict.expected),
    got: say(verdict.emitted),
  };
}
