// The real parts of a run over recordings: reading one, comparing its bytes, comparing its result.

import { type Disassemble, openDisassembler } from "../../engines/capstone/disassembler.js";
import type { Engine } from "../../engines/engine.js";
import { pointer } from "../../machine/address.js";
import { compareBytes, type GoldenVerdict } from "../../properties/recordings/bytes.js";
import { type Parsed, parseLine, parseVectors, type Recording } from "../../properties/recordings/recording.js";
import { resolve } from "../../properties/recordings/resolve.js";
import { goldenResult, isDeterministic } from "../../properties/recordings/results.js";
import { isUncompared, type Verdict, whyUncompared } from "../../properties/verdict.js";
import { hexWord } from "../../spec/bits.js";
import { decode } from "../../spec/bpf/insn.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import { defaultSubject } from "../../subjects/index.js";
import { ProgramSession } from "../../subjects/session/program-session.js";
import type { Failure } from "../report.js";
import { type GoldenParts, notARecording } from "./golden.js";
import type { RawRecord } from "./records.js";

/** A64 instructions that a recorded program may run. */
const A64_FUEL = 40_000_000;

export async function goldenParts(engines: readonly Engine[]): Promise<GoldenParts<Recording>> {
  const disassemble = await openDisassembler();
  const makeSession = (): ProgramSession => new ProgramSession({ subject: defaultSubject, engines, fuel: A64_FUEL });
  let session = makeSession();
  const compareResult = (recording: Recording): Verdict => {
    try {
      return goldenResult(recording, session);
    } catch (error) {
      // What it has left behind must not decide about the recordings that follow.
      session = makeSession();
      throw error;
    }
  };
  return {
    read: (record) => {
      const parsed = parseRecord(record);
      return parsed.ok ? parsed : notARecording(record.name, parsed.message);
    },
    about: (recording, { form }) => ({
      family: form === "vectors" ? "vectors" : recording.name,
      cpu: recording.lse ? "lse" : "ll-sc",
    }),
    bytes: (recording, name) => {
      const verdict = compareBytes(recording);
      const images = recording.functions.length;
      if (verdict.kind === "equal") return { images, equal: images, rows: rowsOf(recording), failures: [] };
      const equal = verdict.kind === "different" ? verdict.function : 0;
      return { images, equal, rows: [], failures: [byteFailure(recording, verdict, name, disassemble)] };
    },
    result: (recording, name) => {
      if (!isDeterministic(recording)) return undefined;
      const verdict = compareResult(recording);
      if (verdict.kind === "agree") return { kind: "equal", failures: [] };
      if (isUncompared(verdict)) return { kind: "incomparable", why: whyUncompared(verdict), failures: [] };
      const { where, expected, got } = verdict;
      return { kind: "differs", failures: [{ name: `${name} (${recording.name})`, where, expected, got }] };
    },
  };
}

function parseRecord({ form, text }: RawRecord): Parsed<Recording> {
  if (form === "line") return parseLine(text);
  const parsed = parseVectors(text);
  const only = parsed.ok ? parsed.value[0] : undefined;
  if (only !== undefined) return { ok: true, value: only };
  return parsed.ok ? { ok: false, message: "an empty list" } : parsed;
}

/** Rows of the program as loaded and as the JIT got it. */
function rowsOf(recording: Recording): readonly string[] {
  const loaded = recording.insns === undefined ? undefined : decode(recording.insns);
  const resolved = resolve(recording);
  const insns = [
    ...(loaded?.ok ? loaded.value : []),
    ...(resolved.ok ? resolved.functions.flatMap((f) => f.insns) : []),
  ];
  return [...new Set(insns.map(({ row }) => row.id))];
}

function byteFailure(
  recording: Recording,
  verdict: Exclude<GoldenVerdict, { kind: "equal" }>,
  name: string,
  disassemble: Disassemble,
): Failure {
  const title = `${name} (${recording.name})`;
  if (verdict.kind === "refused")
    return { name: title, where: "compiling it", expected: "an image", got: verdict.message };
  const va = (recording.functions[verdict.function]?.roImage ?? 0) + 4 * verdict.word;
  const say = (word: number | undefined): string =>
    word === undefined ? "nothing" : `${hexWord(word)}  ${disassemble(word, pointer(va)) ?? "no instruction"}`;
  const sign = verdict.word < 0 ? "-" : "+";
  const offset = `image ${verdict.function} ${sign}0x${Math.abs(4 * verdict.word).toString(16)}`;
  return {
    name: title,
    where: `${offset}, ${bpfText(recording, verdict)}`,
    expected: say(verdict.expected),
    got: say(verdict.emitted),
  };
}

function bpfText(recording: Recording, { function: index, pc, where }: GoldenVerdict & { kind: "different" }): string {
  if (pc === undefined) return where === "region" ? "in the memory around the code" : "in prologue, epilogue or plt";
  const resolved = resolve(recording);
  const insns = resolved.ok ? resolved.functions[index]?.insns : undefined;
  return insns === undefined ? `slot ${pc}` : `slot ${pc}: ${printInsn(insns, pc)}`;
}
