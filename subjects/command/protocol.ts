// The image protocol, version 1: frames that carry programs to an adapter and images back. `docs/subjects.md` specifies it;
// all numbers are little-endian. Here are bytes only: who moves them is `process.ts`.

const VERSION = 1;
const MAGIC = 0x49_58_4f_52; // "ROXI"
/** Of an answer. Larger ones are not read. */
export const MOST_ANSWER_BYTES = 16 << 20;
const MOST_RELOCATIONS = 1 << 16;
/** Of what an adapter says in words. */
const MOST_TEXT_BYTES = 300;

const TYPE = { hello: 1, program: 2, helloBack: 0x81, image: 0x82, refused: 0x83, notAccepted: 0x84 } as const;
const UNKNOWN = 0xffff_ffff;
/** Of a request, before the helpers. */
const HEAD_BYTES = 32;

/** How the address of a helper, or of the table of helpers, gets into an image. */
const RELOCATIONS = { 1: "abs64", 2: "call26", 3: "movw", 4: "table64" } as const;
type RelocationKind = (typeof RELOCATIONS)[keyof typeof RELOCATIONS];

export interface Relocation {
  readonly kind: RelocationKind;
  /** Bytes from the start of the image. */
  readonly offset: number;
  /** Number of the helper; 0 where it is the table. */
  readonly helper: number;
}

export interface ProgramRequest {
  readonly id: number;
  /** The CPU has single-instruction atomics. */
  readonly lse: boolean;
  /** Of the deepest frame. */
  readonly stackBytes: number;
  /** Where the first byte of the image will lie. */
  readonly address: bigint;
  readonly helpers: readonly { readonly number: number; readonly address: bigint }[];
  /** Instructions, 8 bytes each. */
  readonly code: Uint8Array;
}

export type Answer =
  | {
      readonly kind: "image";
      readonly id: number;
      readonly bytes: Uint8Array;
      /** Byte offset of the first instruction. */
      readonly entry: number;
      /** Bytes from r10 up to the SP at entry; undefined where the adapter does not know. */
      readonly frame: number | undefined;
      readonly relocations: readonly Relocation[];
    }
  /** A valid program that the JIT does not take. */
  | { readonly kind: "refused"; readonly id: number; readonly text: string }
  /** A verifier in front of the JIT does not take it. */
  | { readonly kind: "notAccepted"; readonly id: number; readonly text: string };

function frame(bodyBytes: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(4 + bodyBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bodyBytes, true);
  return { bytes, view };
}

export function helloFrame(): Uint8Array {
  const { bytes, view } = frame(12);
  [TYPE.hello, MAGIC, VERSION].forEach((word, i) => {
    view.setUint32(4 + 4 * i, word, true);
  });
  return bytes;
}

/** type, id, flags, stack bytes, helpers, slots, address; a number and an address for each helper; the instructions. */
export function programFrame({ id, lse, stackBytes, address, helpers, code }: ProgramRequest): Uint8Array {
  const { bytes, view } = frame(HEAD_BYTES + 16 * helpers.length + code.length);
  [TYPE.program, id, lse ? 1 : 0, stackBytes, helpers.length, code.length / 8].forEach((word, i) => {
    view.setUint32(4 + 4 * i, word, true);
  });
  view.setBigUint64(28, address, true);
  helpers.forEach((helper, i) => {
    view.setUint32(4 + HEAD_BYTES + 16 * i, helper.number, true);
    view.setBigUint64(12 + HEAD_BYTES + 16 * i, helper.address, true);
  });
  bytes.set(code, 4 + HEAD_BYTES + 16 * helpers.length);
  return bytes;
}

/** What is wrong with the greeting of an adapter; undefined if nothing is. */
export function badHello(body: Uint8Array): string | undefined {
  const view = viewOf(body);
  if (body.length < 12 || view.getUint32(0, true) !== TYPE.helloBack || view.getUint32(4, true) !== MAGIC) {
    return "no greeting of the image protocol";
  }
  const version = view.getUint32(8, true);
  return version === VERSION ? undefined : `version ${version} of the image protocol, not ${VERSION}`;
}

/** @returns what is wrong with it, in one line */
export function readAnswer(body: Uint8Array): Answer | string {
  if (body.length < 8) return `an answer of ${body.length} bytes`;
  const view = viewOf(body);
  const type = view.getUint32(0, true);
  const id = view.getUint32(4, true);
  if (type === TYPE.refused) return { kind: "refused", id, text: textOf(body) };
  if (type === TYPE.notAccepted) return { kind: "notAccepted", id, text: textOf(body) };
  if (type !== TYPE.image) return `an answer of the unknown type ${type}`;
  if (body.length < 20) return `an image in ${body.length} bytes`;
  const [entry, frameBytes, count] = [8, 12, 16].map((at) => view.getUint32(at, true)) as [number, number, number];
  if (count > MOST_RELOCATIONS || 20 + 12 * count > body.length) return `${count} relocations`;
  const bytes = body.subarray(20 + 12 * count);
  if (bytes.length === 0) return "an image of 0 bytes";
  if (bytes.length % 4 !== 0) return `an image of ${bytes.length} bytes, which is no multiple of 4`;
  if (entry % 4 !== 0 || entry >= bytes.length) return `the entry ${entry} in an image of ${bytes.length} bytes`;
  const relocations: Relocation[] = [];
  for (let i = 0; i < count; i++) {
    const [kind, offset, helper] = [0, 4, 8].map((at) => view.getUint32(20 + 12 * i + at, true)) as [
      number,
      number,
      number,
    ];
    const known = RELOCATIONS[kind as keyof typeof RELOCATIONS];
    if (known === undefined) return `a relocation of the unknown kind ${kind}`;
    if (offset % 4 !== 0 || offset + SPAN[known] > bytes.length) return `a relocation at ${offset}`;
    relocations.push({ kind: known, offset, helper });
  }
  return { kind: "image", id, bytes, entry, frame: frameBytes === UNKNOWN ? undefined : frameBytes, relocations };
}

/** Bytes that a relocation changes. */
const SPAN: Readonly<Record<RelocationKind, number>> = { abs64: 8, call26: 4, movw: 16, table64: 8 };

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** One line, without characters that steer a terminal, of bounded length. */
const textOf = (body: Uint8Array): string =>
  new TextDecoder()
    .decode(body.subarray(8, 8 + MOST_TEXT_BYTES))
    .replaceAll(STEERING, " ")
    .trim();

/** Blanks, control characters, and those that turn the direction of text. */
export const STEERING = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

// The other side, for adapters in TypeScript.

/** The request that a frame's body holds; "hello" for a greeting. @returns undefined if it is neither */
export function readRequest(body: Uint8Array): ProgramRequest | "hello" | undefined {
  const view = viewOf(body);
  if (body.length < 12) return undefined;
  if (body.length === 12 && view.getUint32(0, true) === TYPE.hello) return "hello";
  if (body.length < HEAD_BYTES || view.getUint32(0, true) !== TYPE.program) return undefined;
  const [id, flags, stackBytes, count] = [4, 8, 12, 16].map((at) => view.getUint32(at, true)) as [
    number,
    number,
    number,
    number,
  ];
  if (count > (body.length - HEAD_BYTES) / 16) return undefined;
  const helpers = Array.from({ length: count }, (_, i) => ({
    number: view.getUint32(HEAD_BYTES + 16 * i, true),
    address: view.getBigUint64(HEAD_BYTES + 8 + 16 * i, true),
  }));
  const code = body.slice(HEAD_BYTES + 16 * count);
  return { id, lse: (flags & 1) === 1, stackBytes, address: view.getBigUint64(24, true), helpers, code };
}

export function helloBackFrame(): Uint8Array {
  const bytes = helloFrame();
  viewOf(bytes).setUint32(4, TYPE.helloBack, true);
  return bytes;
}

export function answerFrame(answer: Answer): Uint8Array {
  if (answer.kind !== "image") {
    const text = new TextEncoder().encode(answer.text);
    const { bytes, view } = frame(8 + text.length);
    view.setUint32(4, TYPE[answer.kind], true);
    view.setUint32(8, answer.id, true);
    bytes.set(text, 12);
    return bytes;
  }
  const { id, entry, relocations } = answer;
  const { bytes, view } = frame(20 + 12 * relocations.length + answer.bytes.length);
  [TYPE.image, id, entry, answer.frame ?? UNKNOWN, relocations.length].forEach((word, i) => {
    view.setUint32(4 + 4 * i, word, true);
  });
  relocations.forEach(({ kind, offset, helper }, i) => {
    const number = Object.entries(RELOCATIONS).find(([, name]) => name === kind)![0];
    [Number(number), offset, helper].forEach((word, j) => {
      view.setUint32(24 + 12 * i + 4 * j, word, true);
    });
  });
  bytes.set(answer.bytes, 24 + 12 * relocations.length);
  return bytes;
}
