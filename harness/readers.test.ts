// Every reader of a file that may come from a stranger, fed with inputs that are nearly right: it reads or refuses, in one
// line, and never throws. At least half of the inputs pass the header, checksum or compression of their file.
// ROX_READERS=N: so many inputs for each reader.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vaOf } from "../machine/address.js";
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
import { readDescriptor } from "../subjects/command/descriptor.js";
import { relocate } from "../subjects/command/image.js";
import {
  answerFrame,
  badHello,
  helloBackFrame,
  programFrame,
  readAnswer,
  readRequest,
} from "../subjects/command/protocol.js";
import { readKernelImage } from "../subjects/linux/image/read.js";
import { readSymbolFile } from "../subjects/linux/image/symbol-file.js";
import { exampleObject } from "../testing/bpf-object.js";
import { smallCampaign } from "../testing/campaign.js";
import { KERNEL_LAYOUTS, writeKernelImage } from "../testing/kernel-image.js";
import { assertAsyncLaw } from "../testing/law.js";
import { mutatedBytes, mutatedJson, mutatedText } from "../testing/mutated.js";
import { SAMPLE } from "../testing/report.js";
import { badInputLine, type Loaded } from "./bad-input.js";
import { parseWorkload } from "./cost/workload-text.js";
import { readRecords } from "./golden/records.js";
import { inputBytes } from "./input-bytes.js";
import { applyRecords } from "./loop/directory.js";
import { CampaignLog, logLine } from "./loop/log.js";
import { readCampaign } from "./loop/read.js";
import { SCHEMAS, shaped } from "./loop/schema.js";
import { CampaignState } from "./loop/state.js";
import { parseArguments } from "./mutants/equivalents.js";
import { parseMutant } from "./mutants/mutant.js";
import { projectRoot } from "./project.js";
import { compareRuns, readSummary } from "./report/baseline.js";
import { baselineSection } from "./report/baseline-section.js";

const vaOfHelper = (helper: number) => (helper < 1000 ? vaOf(0xffff_8000_8000_0000n + BigInt(64 * helper)) : undefined);

const TRIES = Number(process.env.ROX_READERS ?? 2000);
const SEED = 20261129;

/** `deep`: it got past the header, the checksum, or the unpacking. */
interface Outcome {
  readonly deep: boolean;
  /** The refusal, as it is printed. */
  readonly line?: string;
}
interface Reader<T> {
  readonly name: string;
  readonly inputs: fc.Arbitrary<T>;
  read(input: T): Outcome | Promise<Outcome>;
}
/** A row of the table, whatever its inputs are. */
const reader = <T>(one: Reader<T>): Reader<unknown> => one as unknown as Reader<unknown>;

const wrongLine = ({ expected, got }: { readonly expected: string; readonly got: string }): string =>
  badInputLine({ subject: "file", expected, got, next: "correct it" });
/** What is wrong, as a command prints it. */
const printed = (got: string): string => badInputLine({ subject: "file", expected: "better", got, next: "correct it" });
const refusal = <T>(read: Loaded<T>): string | undefined => (read.ok ? undefined : badInputLine(read.error));
const outcome = (line: string | undefined, deep: boolean): Outcome => (line === undefined ? { deep } : { deep, line });

const inCorpus = (extension: string): readonly string[] => {
  const folder = path.join(projectRoot(), "corpus");
  const files = readdirSync(folder).filter((name) => name.endsWith(extension));
  return files.map((name) => readFileSync(path.join(folder, name), "utf8"));
};
const filesBelow = (folder: string, extension: string): readonly string[] =>
  readdirSync(path.join(projectRoot(), folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(extension))
    .map((name) => readFileSync(path.join(projectRoot(), folder, name), "utf8"));

/** Comment lines at the start. */
const headOf = (lines: readonly string[]): number => {
  const end = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("#"));
  return end < 0 ? lines.length : end;
};
const lineOf = (message: string): number => Number(/^line (\d+)/.exec(message)?.[1] ?? 0);

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

const IMAGE = answerFrame({
  ...{ kind: "image", id: 7, entry: 8, frame: 32 },
  bytes: new Uint8Array(1200).fill(0x1f),
  relocations: Array.from({ length: 24 }, (_, i) => ({
    kind: (["abs64", "call26", "movw", "table64"] as const)[i % 4]!,
    ...{ offset: 16 * i, helper: i },
  })),
}).subarray(4);
const REFUSED = answerFrame({ kind: "refused", id: 7, text: "no such instruction ".repeat(8) }).subarray(4);
const REQUEST = programFrame({
  ...{ id: 7, lse: true, stackBytes: 64, address: 0xffff_8000_8301_0000n, code: PROGRAM },
  helpers: Array.from({ length: 24 }, (_, number) => ({ number, address: BigInt(number) << 40n })),
}).subarray(4);
const GREETING = Buffer.concat([helloBackFrame().subarray(4), Buffer.alloc(60)]);
const DESCRIPTORS = filesBelow("adapters", ".json").map((text) => JSON.parse(text) as unknown);

const campaignFolder = path.join(tmpdir(), "readers-campaign");
const campaign = await smallCampaign(campaignFolder);
const logFile = path.join(campaignFolder, readdirSync(campaignFolder).find((name) => name.startsWith("log-"))!);
const logText = readFileSync(logFile, "utf8");
const records = logText
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line.slice(9)) as unknown);
const settings = JSON.parse(readFileSync(path.join(campaignFolder, "campaign.json"), "utf8")) as unknown;

let made = 0;
/** A copy of the campaign with one file of it replaced. */
function campaignWith(file: string, text: string): string {
  const folder = path.join(tmpdir(), `readers-${made++ % 8}`);
  mkdirSync(path.join(folder, "findings"), { recursive: true });
  writeFileSync(path.join(folder, "campaign.json"), JSON.stringify(settings));
  writeFileSync(path.join(folder, "log-000001.jsonl"), `${logText.split("\n").slice(0, 2).join("\n")}\n`);
  writeFileSync(path.join(folder, "samples.jsonl"), "");
  writeFileSync(path.join(folder, file), text);
  return folder;
}

const shape = <T>(schema: Parameters<typeof shaped<T>>[0], json: unknown): Outcome => {
  const read = shaped(schema, JSON.parse(JSON.stringify(json)));
  return outcome("wrong" in read ? printed(read.wrong) : undefined, true);
};

const READERS: readonly Reader<unknown>[] = [
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
  reader({
    name: "an answer of the image protocol",
    inputs: mutatedBytes([IMAGE, IMAGE, REFUSED]),
    read(body) {
      const answer = readAnswer(body);
      if (typeof answer === "string") return outcome(printed(answer), !answer.startsWith("an answer of"));
      if (answer.kind !== "image") return { deep: true, line: printed(answer.text) };
      const wrong = relocate(
        answer.bytes,
        vaOf(0xffff_8000_8301_0000n)!,
        answer.relocations,
        vaOfHelper,
        vaOfHelper(0)!,
      );
      return outcome(wrong === undefined ? undefined : printed(wrong), true);
    },
  }),
  reader({
    name: "a greeting of the image protocol",
    inputs: mutatedBytes([GREETING]),
    read(body) {
      const wrong = badHello(body);
      return outcome(wrong === undefined ? undefined : printed(wrong), wrong?.startsWith("no greeting") !== true);
    },
  }),
  reader({
    name: "a request of the image protocol, in an adapter",
    inputs: mutatedBytes([REQUEST]),
    read(body) {
      const request = readRequest(body);
      if (typeof request === "object") decode(request.code);
      return { deep: request !== undefined };
    },
  }),
  reader({
    name: "the description of a subject",
    inputs: mutatedJson(DESCRIPTORS),
    read(json) {
      const file = path.join(tmpdir(), "readers-subject.json");
      writeFileSync(file, JSON.stringify(json) ?? "");
      const read = readDescriptor(file);
      return outcome(typeof read === "string" ? printed(read) : undefined, true);
    },
  }),
  reader({
    name: "run.json of a report",
    inputs: mutatedJson([SAMPLE.summary]),
    read(json) {
      const folder = path.join(tmpdir(), "readers-report");
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "run.json"), JSON.stringify(json) ?? "");
      const read = readSummary(folder);
      if (read.ok) baselineSection(compareRuns(read.value, SAMPLE.summary));
      return outcome(refusal(read), true);
    },
  }),
  reader({
    name: "campaign.json",
    inputs: mutatedJson([settings]),
    read: (json) => shape(SCHEMAS.settings, json),
  }),
  reader({
    name: "finding.json",
    inputs: mutatedJson(campaign.findings.map(({ facts }) => facts)),
    read: (json) => shape(SCHEMAS.finding, json),
  }),
  reader({
    name: "records of a campaign's log",
    inputs: mutatedJson(records),
    read(json) {
      const applied = applyRecords("c", new CampaignState(campaign.settings), [
        JSON.parse(JSON.stringify(json)) as unknown,
      ]);
      return outcome(refusal(applied), true);
    },
  }),
  reader({
    name: "a campaign's log, with right checksums",
    inputs: mutatedJson(records),
    read(json) {
      const folder = campaignWith("log-000001.jsonl", `${logLine((json ?? {}) as object)}\n`);
      return outcome(refusal(readCampaign(folder)), true);
    },
  }),
  reader({
    name: "a campaign's log, any bytes",
    inputs: mutatedBytes([Buffer.from(logText.slice(0, 4000))]),
    read(bytes) {
      const folder = path.join(tmpdir(), `readers-log-${made++ % 8}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "log-000001.jsonl"), bytes);
      const opened = CampaignLog.open(folder, { kind: "time", elapsedMs: 0 });
      if (opened.ok) opened.value.log.close();
      return outcome(refusal(opened), true);
    },
  }),
  reader({
    name: "a campaign's samples",
    inputs: mutatedText(
      [
        '{"ms":1,"trials":2,"executed":3,"cells":4,"findings":5}\n{"ms":2,"trials":3,"executed":4,"cells":5,"findings":5}\n',
      ],
      () => 0,
    ),
    read: (text) => outcome(refusal(readCampaign(campaignWith("samples.jsonl", text))), true),
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

describe("inputs that are nearly right are read or refused", () => {
  test.each(READERS)("$name", async ({ inputs, read, name }) => {
    let deep = 0;
    let tried = 0;
    await assertAsyncLaw(
      fc.asyncProperty(inputs, async (input) => {
        const { deep: isDeep, line } = await read(input);
        tried++;
        if (isDeep) deep++;
        if (line === undefined) return;
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(line.length).toBeLessThan(700);
      }),
      { numRuns: TRIES, seed: SEED, endOnFailure: true },
    );
    expect(deep / tried, `${name}: share that passes the header`).toBeGreaterThanOrEqual(0.5);
  });

  test("there are at least a dozen readers", () => expect(READERS.length).toBeGreaterThanOrEqual(12));
});

test("a reader that throws is found", async () => {
  const property = fc.asyncProperty(mutatedText(inCorpus(".bpf"), headOf), async (text) => {
    if (text.includes("r10")) throw new Error("internal");
  });
  await expect(assertAsyncLaw(property, { numRuns: TRIES, seed: SEED, endOnFailure: true })).rejects.toThrow();
});
