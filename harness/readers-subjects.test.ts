// Readers of what subjects say: their descriptions and the image protocol. What is tried of each: see `testing/readers.ts`.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe } from "vitest";
import { vaOf } from "../machine/address.js";
import { decode } from "../spec/bpf/insn.js";
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
import { mutatedBytes, mutatedJson } from "../testing/mutated.js";
import { filesBelow, outcome, printed, reader, tryReaders } from "../testing/readers.js";

const vaOfHelper = (helper: number) => (helper < 1000 ? vaOf(0xffff_8000_8000_0000n + BigInt(64 * helper)) : undefined);

const PROGRAM = Buffer.from(
  "b70000000100000018020000050000000000000000000000db2af8ff00000000bf210000000000009500000000000000",
  "hex",
);

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

const READERS = [
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
];

describe("what a subject says is read or refused where it is nearly right", () => tryReaders(READERS));
