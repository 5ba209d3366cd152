// Readers of files: cases, programs, objects, kernels, recordings. What is tried of each: see `testing/readers.ts`.

import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KINDS } from "../properties/cases/index.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { compareTrace, isTrace, readTraceOp, type TraceOp } from "../properties/recordings/allocations.js";
import { readRecording } from "../properties/recordings/recording.js";
import { readDataFile } from "../spec/bpf/data-file.js";
import { decode } from "../spec/bpf/insn.js";
import { expectationsOf } from "../spec/bpf/object/expectations.js";
import { linkProgram } from "../spec/bpf/object/link.js";
import { programsOf, readObject } from "../spec/bpf/object/object.js";
import { isElf } from "../spec/elf/elf.js";
import { parsed } from "../spec/malformed.js";
import { readKernelImage } from "../subjects/linux/image/read.js";
import { readSymbolFile } from "../subjects/linux/image/symbol-file.js";
import { exampleObject } from "../testing/bpf-object.js";
import { KERNEL_LAYOUTS, writeKernelImage } from "../testing/kernel-image.js";
import { assertAsyncLaw } from "../testing/law.js";
import { mutatedBytes, mutatedJson, mutatedText } from "../testing/mutated.js";
import {
  filesBelow,
  headOf,
  inCorpus,
  lineOf,
  outcome,
  printed,
  reader,
  refusal,
  SEED,
  TRIES,
  tryReaders,
  wrongLine,
} from "../testing/readers.js";
import { parseWorkload } from "./cost/workload-text.js";
import { readRecords } from "./golden/records.js";
import { inputBytes } from "./input-bytes.js";
import { parseArguments } from "./mutants/equivalents.js";
import { parseMutant } from "./mutants/mutant.js";
import { projectRoot } from "./project.js";

const cases = KINDS.flatMap((kind) => {
  const valid = inCorpus(kind.extension);
  if (valid.length === 0) return [];
  return [
    reader({
      name: `a case (${kind.extension})`,
      inputs: mutatedText(valid, headOf),
      read(text) {
        const parsed = kind.parse(text);
        if (!parsed.ok) {
          const { message } = parsed.error;
          return outcome(printed(message), lineOf(message) > headOf(text.split("\n")));
        }
        kind.problem?.(parsed.value);
        const again = kind.parse(kind.print(parsed.value, parsed.head));
        if (!again.ok) throw new Error(`what is read is printed as something else: ${again.error.message}`);
        return { deep: true };
      },
    }),
  ];
});

const DATA = "-- asm\nmov %r0, 1\nadd %r0, 2\nldxb %r1, [%r1+1]\nexit\n-- mem\n11 22 33 44\n-- result\n0x3\n";
const PROGRAM = Buffer.from(
  "b70000000100000018020000050000000000000000000000db2af8ff00000000bf210000000000009500000000000000",
  "hex",
);

const RECORDED = JSON.parse(
  readFileSync(path.join(projectRoot(), "properties/recordings/excerpts.json"), "utf8"),
) as readonly unknown[];
const GENERATED = {
  ...{
    family: "small",
    progType: 1,
    insns: "b7000000010000009500000000000000",
    xlated: "b7000000010000009500000000000000",
  },
  ...{ jited: "1f2003d5", ksyms: ["0xffff800082c258a0"], funcLens: [4], stackDepths: [0] },
  ...{ callBase: "0xffff800080269da8", cpu: "max", run: 0, retval: 1, dataOut: "00" },
};
const TRACE = [
  { op: "load", id: 0, insns: 2, jitedLen: 4104, image: "0xffff800082c258a0" },
  { op: "load", id: 1, insns: 2, jitedLen: 11072, image: "0xffff800082c268d0" },
  { op: "free", id: 1 },
  { op: "settled" },
  { op: "load", id: 3, insns: 2, jitedLen: 80, image: "0xffff800082c268d8" },
];

/** Programs whose head says all that a head can say; the body is short, so that most edits are in the head. */
const HEADS = [
  "# title: a head\n# context: xdp\n# field: ingress_ifindex = 3\n# field: rx_queue_index = 4\n# loops: 5\n# cpu: ll-sc\n# input: 00 11\n\nr0 = 1\nexit\n",
  "# title: a head\n# context: skb\n# field: mark = 7\n# field: cb[1] = 0xffffffff\n# loops: 0\n# hole: 16\n# blind\n# input: 00\n\nr0 = 1\nexit\n",
  ...inCorpus(".bpf").filter((text) => /^# (map|element|field|loops):/m.test(text)),
];

const READERS = [
  ...cases,
  reader({
    name: "a conformance file (.data)",
    inputs: mutatedText([DATA], () => 1),
    read(text) {
      const read = readDataFile(text);
      return outcome(read.ok ? undefined : printed(read.error.message), true);
    },
  }),
  reader({
    name: "instructions (.bin)",
    // Most are whole instructions again.
    inputs: mutatedBytes([PROGRAM]).map((bytes) =>
      bytes.length % 5 === 0 ? bytes : bytes.slice(0, bytes.length - (bytes.length % 8)),
    ),
    read(bytes) {
      const read = decode(bytes);
      return outcome(read.ok ? undefined : printed(read.error.message), bytes.length % 8 === 0 || read.ok);
    },
  }),
  reader({
    name: "an object file (.o), its programs and what its tags say",
    inputs: mutatedBytes([exampleObject()]),
    read(bytes) {
      const object = readObject(bytes);
      if (!object.ok) return outcome(wrongLine(object.error), isElf(bytes));
      const { btf } = object.value;
      const wrong = programsOf(object.value).flatMap((fn) => {
        const linked = linkProgram(object.value, fn, "memory");
        return linked.ok ? [] : [wrongLine(linked.error)];
      });
      if (btf !== undefined) parsed(() => expectationsOf(btf));
      return outcome(wrong[0], true);
    },
  }),
  reader({
    name: "an arm64 kernel",
    inputs: mutatedBytes(KERNEL_LAYOUTS.map((layout) => writeKernelImage({ layout }))),
    read(bytes) {
      const kernel = readKernelImage(bytes);
      return outcome(kernel.ok ? undefined : wrongLine(kernel.error), bytes.length > 64 && bytes[0x38] === 0x41);
    },
  }),
  reader({
    name: "a System.map",
    inputs: mutatedText(
      ["ffff800080000000 T _text\nffff800080010000 t start\nffff80008001f000 D init_task\n"],
      () => 0,
    ),
    read(text) {
      const symbols = parsed(() => readSymbolFile(Buffer.from(text)));
      return outcome(symbols.ok ? undefined : wrongLine(symbols.error), true);
    },
  }),
  reader({
    name: "a planted bug (.mutant)",
    inputs: mutatedText(
      filesBelow("mutants", ".mutant"),
      (lines) => lines.findIndex((line) => line.startsWith("# file")) + 1,
    ),
    read: (text) => outcome(refusal(parseMutant("x.mutant", "g", text)), /^# [A-Z]+\d+[a-z]?: ./.test(text)),
  }),
  reader({
    name: "arguments for equivalent changes",
    inputs: mutatedText([readFileSync(path.join(projectRoot(), "mutants/equivalent-changes.txt"), "utf8")], headOf),
    read: (text) => outcome(refusal(parseArguments("x.txt", text)), true),
  }),
  reader({
    name: "a workload (.workload)",
    inputs: mutatedText(filesBelow("harness/cost/workloads", ".workload"), headOf),
    read: (text) => outcome(refusal(parseWorkload("x.workload", "x", text)), true),
  }),
  reader({
    name: "bytes of an input",
    inputs: mutatedText(["00 11 22 33 aa bb cc dd", "0x0011aaff"], () => 0),
    read: (text) => outcome(text.startsWith("@") ? undefined : refusal(inputBytes(text)), true),
  }),
  reader({
    name: "a recorded program",
    inputs: mutatedJson([GENERATED]),
    read(json) {
      const read = readRecording("generated", json);
      return outcome(read.ok ? undefined : printed(read.message), true);
    },
  }),
  reader({
    name: "a recorded vector",
    inputs: mutatedJson(RECORDED),
    read(json) {
      const read = readRecording("vector", json);
      return outcome(read.ok ? undefined : printed(read.message), true);
    },
  }),
  reader({
    name: "a recorded history of allocations",
    inputs: mutatedJson([TRACE]),
    read(json) {
      const ops: TraceOp[] = [];
      for (const line of Array.isArray(json) ? json : []) {
        const op = isTrace(line) ? readTraceOp(line) : "";
        if (typeof op === "string") return outcome(printed(op), true);
        if (op.op !== "load" || op.jitedLen < 1e8) ops.push(op);
      }
      const { contradiction } = compareTrace("t", ops);
      return outcome(contradiction?.got, true);
    },
  }),
  reader({
    name: "a recording, packed (.jsonl.gz)",
    inputs: fc.oneof(
      {
        weight: 3,
        arbitrary: mutatedText(
          [`${JSON.stringify(GENERATED)}\n${TRACE.map((op) => JSON.stringify(op)).join("\n")}\n`],
          () => 0,
        ).map((text) => gzipSync(text)),
      },
      { weight: 1, arbitrary: mutatedBytes([gzipSync(JSON.stringify(GENERATED))]) },
    ),
    async read(bytes) {
      const file = path.join(tmpdir(), "readers.jsonl.gz");
      writeFileSync(file, bytes);
      let line: string | undefined;
      for await (const record of readRecords(file)) line ??= refusal(record);
      return outcome(line, unpacks(bytes));
    },
  }),
  reader({
    name: "the head of a program",
    inputs: mutatedText(HEADS, () => 1),
    read(text) {
      const read = PROGRAMS.parse(text);
      if (!read.ok) return outcome(printed(read.error.message), lineOf(read.error.message) > 1);
      PROGRAMS.problem?.(read.value);
      const again = PROGRAMS.parse(PROGRAMS.print(read.value, read.head));
      if (!again.ok) throw new Error(`what is read is printed as something else: ${again.error.message}`);
      return { deep: true };
    },
  }),
];

function unpacks(bytes: Uint8Array): boolean {
  try {
    gunzipSync(bytes);
    return true;
  } catch {
    return false;
  }
}

describe("files that are nearly right are read or refused", () => {
  tryReaders(READERS);
  test("there are at least a dozen readers", () => expect(READERS.length).toBeGreaterThanOrEqual(12));
});

test("a reader that throws is found", async () => {
  const property = fc.asyncProperty(mutatedText(inCorpus(".bpf"), headOf), async (text) => {
    if (text.includes("r10")) throw new Error("internal");
  });
  await expect(assertAsyncLaw(property, { numRuns: TRIES, seed: SEED, endOnFailure: true })).rejects.toThrow();
});
