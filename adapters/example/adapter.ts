// An adapter for the image protocol, to be copied: it reads programs from standard input and writes images to standard
// output until its input ends. The JIT behind it is our own. `docs/subjects.md` specifies the protocol.

import { readSync, writeSync } from "node:fs";
import { type Va, vaOf } from "../../machine/address.js";
import { decode } from "../../spec/bpf/insn.js";
import type { Program } from "../../spec/bpf/program.js";
import { factsOfCode, validate } from "../../spec/bpf/validate/validate.js";
import {
  type Answer,
  answerFrame,
  helloBackFrame,
  type ProgramRequest,
  readRequest,
} from "../../subjects/command/protocol.js";
import { defaultSubject } from "../../subjects/index.js";
import { rewrite } from "../../subjects/lowering.js";
import { DEFAULT_ENV, describe, type JitEnv } from "../../subjects/subject.js";

/** Our images keep more than 8 bytes together at most. */
const ALIGN = 16;
/** The frame record, and the tail-call counter with its pointer: pushed before anything else. */
const LINKAGE_BYTES = 32;
const CALL_BASE: Va = 0x8000_8000_0000;

function translate(request: ProgramRequest): Answer {
  const { id, lse, code, helpers } = request;
  const refused = (text: string): Answer => ({ kind: "refused", id, text });
  const decoded = decode(code);
  if (!decoded.ok) return refused(`slot ${decoded.error.pc}: ${decoded.error.message}`);
  const program: Program = { code: [decoded.value], maps: [], context: "memory" };
  const validity = validate(program, { strictness: "rfc" });
  if (!validity.ok) return { kind: "notAccepted", id, text: validity.problems[0]!.message };
  const addresses = new Map(helpers.map(({ number, address }) => [number, vaOf(address)!]));
  const none = (index: number): never => {
    throw new RangeError(`map ${index}: this adapter gets addresses`);
  };
  const { functions } = rewrite(decoded.value, factsOfCode(validity.facts, 0), {
    mapObject: none,
    mapValues: none,
    helperOffset: (number) => {
      const va = addresses.get(number);
      return va === undefined ? undefined : va - CALL_BASE;
    },
    loops: 0,
    rewriteDivision: false,
  });
  const env: JitEnv = { ...DEFAULT_ENV, lse, callBase: CALL_BASE, inlined: { smpProcessorId: [], currentTask: [] } };
  const start = vaOf(request.address)!;
  let next = start;
  const compiled = defaultSubject.compile(functions, env, (_, bytes) => {
    const place = next;
    next += Math.ceil(bytes / ALIGN) * ALIGN;
    return place;
  });
  if (!compiled.ok) return refused(describe(compiled.error));
  const bytes = new Uint8Array(next - start);
  for (const { image, roImage } of compiled.images) bytes.set(image, roImage - start);
  const { pushed } = defaultSubject.frameOf(functions[0]!);
  return { kind: "image", id, bytes, entry: 0, frame: LINKAGE_BYTES + 16 * pushed.length, relocations: [] };
}

/** Undefined at the end of the input. */
function read(bytes: number): Uint8Array | undefined {
  const into = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; ) {
    const got = readSync(0, into, at, bytes - at, null);
    if (got === 0) return undefined;
    at += got;
  }
  return into;
}

function write(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
}

for (;;) {
  const head = read(4);
  const body = head && read(new DataView(head.buffer, head.byteOffset).getUint32(0, true));
  if (body === undefined) break;
  const request = readRequest(body);
  if (request === undefined) throw new RangeError("a frame that is neither a greeting nor a program");
  write(request === "hello" ? helloBackFrame() : answerFrame(translate(request)));
}
