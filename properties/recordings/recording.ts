// A program that a real kernel compiled, and the bytes that it made of it. Two kinds of records hold them: generated
// programs with the code alone, and vectors with the whole memory around each image.

import { VERSIONS, type Version } from "../../subjects/subject.js";
import excerpts from "./excerpts.json" with { type: "json" };

export interface RecordedFunction {
  /** Low 48 bits of the address of the first word. */
  readonly roImage: number;
  /** Without the jump's literal. */
  readonly code: Uint8Array;
  /** Bytes, as the verifier counted them; undefined where the recording does not say. */
  readonly stackDepth: number | undefined;
  /** Header, hole, image and slack, where recorded. */
  readonly region: { readonly bytes: Uint8Array; readonly imageOffset: number } | undefined;
}

/** One run of the program on a packet: a negative errno or 0, what it returned and the packet afterwards. */
export interface RecordedRun {
  readonly errno: number;
  /** 32 bits, signed or not. */
  readonly retval: number;
  /** Undefined where the recording does not say. */
  readonly packet: Uint8Array | undefined;
  /** The result does not depend on time, chance or other programs; undefined where the recording does not say. */
  readonly deterministic: boolean | undefined;
}

/** Which build of which kernel was recorded. */
interface RecordedKernel {
  /** Its profile's version. */
  readonly version: Version;
  /** Offset of the pointers in its `struct bpf_array`; undefined where the recording does not say. */
  readonly arrayPtrs: number | undefined;
  /** `net.core.bpf_jit_harden` was 2: constants are blinded. */
  readonly isHardened: boolean;
}

export interface Recording {
  readonly kernel: RecordedKernel;
  /** The name of a vector, or the family of generated programs. */
  readonly name: string;
  readonly lse: boolean;
  /** Linux's number of the program type; undefined where the recording does not say. */
  readonly progType: number | undefined;
  /** As loaded; undefined where the recording does not say. */
  readonly insns: Uint8Array | undefined;
  /** As the kernel shows what its verifier made of it. */
  readonly xlated: Uint8Array;
  /** Low 48 bits. */
  readonly callBase: number;
  /** Low 48 bits; undefined where the recording does not say. */
  readonly dummyTramp: number | undefined;
  readonly functions: readonly RecordedFunction[];
  readonly run: RecordedRun | undefined;
}

/** A recording, or in one line which field is wrong and what was found there. */
type ReadRecording =
  | { readonly ok: true; readonly value: Recording }
  | { readonly ok: false; readonly message: string };
export type RecordKind = "generated" | "vector";

/** Out of parsed JSON. */
export function readRecording(kind: RecordKind, json: unknown): ReadRecording {
  try {
    const fields = asObject(json, kind === "vector" ? "vector" : "recording");
    return { ok: true, value: kind === "vector" ? vector(fields) : generated(fields) };
  } catch (error) {
    if (error instanceof FieldError) return { ok: false, message: error.message };
    throw error;
  }
}

/**
 * The recordings that the project carries in itself: Linux 6.12.117 (Debian, 4 KiB pages) under an emulator, a generated
 * program of each family and a few vectors.
 *
 * @throws Error if one of them is none: a slip in our own file.
 */
export function recordedExcerpts(): readonly Recording[] {
  const read = (kind: RecordKind) => (json: unknown) => {
    const recording = readRecording(kind, json);
    if (!recording.ok) throw new Error(`a recording of our own cannot be read: ${recording.message}`);
    return recording.value;
  };
  return [...excerpts.generated.map(read("generated")), ...excerpts.vectors.map(read("vector"))];
}

type Fields = Record<string, unknown>;

/** Emulated CPUs of the first version of the architecture, which has no single-instruction atomics. */
const WITHOUT_LSE = /^cortex-a(35|53|57|72|73)$/;

function generated(r: Fields): Recording {
  const jited = asBytes(r.jited, "jited");
  const ksyms = asArray(r.ksyms, "ksyms");
  const depths = optional(asArray)(r.stackDepths, "stackDepths");
  let at = 0;
  const functions = asArray(r.funcLens, "funcLens").map((length, i): RecordedFunction => {
    const start = at;
    at += asNumber(length, `funcLens[${i}]`);
    return {
      roImage: asImageVa(ksyms[i], `ksyms[${i}]`),
      code: jited.slice(start, at),
      stackDepth: depths && asNumber(depths[i], `stackDepths[${i}]`),
      region: undefined,
    };
  });
  if (at !== jited.length) throw new FieldError(`funcLens add up to ${at}, but jited is ${jited.length} bytes long`);
  return {
    kernel: kernelOf(r),
    name: asString(r.family, "family"),
    lse: !WITHOUT_LSE.test(asString(r.cpu, "cpu")),
    progType: optional(asNumber)(r.progType, "progType"),
    insns: optional(asBytes)(r.insns, "insns"),
    xlated: asBytes(r.xlated, "xlated"),
    callBase: asVa(r.callBase, "callBase"),
    dummyTramp: undefined,
    functions,
    run: runOf(r),
  };
}

function runOf(r: Fields): RecordedRun | undefined {
  if (typeof r.run !== "number" || r.retval === undefined) return undefined;
  return {
    errno: r.run,
    retval: asNumber(r.retval, "retval"),
    packet: optional(asBytes)(r.dataOut, "dataOut"),
    deterministic: typeof r.deterministic === "boolean" ? r.deterministic : undefined,
  };
}

function vector(v: Fields): Recording {
  const name = asString(v.name, "name");
  return {
    kernel: kernelOf(v),
    name,
    lse: !asString(v.run, `${name}: run`).includes("no LSE"),
    progType: undefined,
    insns: undefined,
    xlated: asBytes(v.xlated, `${name}: xlated`),
    callBase: asVa(v.bpf_call_base, `${name}: bpf_call_base`),
    dummyTramp: asVa(v.dummy_tramp, `${name}: dummy_tramp`),
    functions: asArray(v.functions, `${name}: functions`).map((fields, i): RecordedFunction => {
      const f = asObject(fields, `${name}: functions[${i}]`);
      const roImage = asImageVa(f.ro_image, "ro_image");
      const imageOffset = roImage - asVa(f.region_addr, "region_addr");
      const region = { bytes: asBytes(f.region, "region"), imageOffset };
      return { roImage, code: asBytes(f.jited, "jited"), stackDepth: undefined, region };
    }),
    run: undefined,
  };
}

function kernelOf(fields: Fields): RecordedKernel {
  const release = optional(asString)(fields.kernel, "kernel") ?? "6.12";
  const version = VERSIONS.find((known) => release === known || release.startsWith(`${known}.`));
  if (version === undefined) fail("kernel", `one of Linux ${VERSIONS.join(", ")}`, release);
  const arrayPtrs = optional(asNumber)(fields.arrayPtrs, "arrayPtrs");
  return { version: version!, arrayPtrs, isHardened: optional(asNumber)(fields.harden, "harden") === 2 };
}

class FieldError extends Error {}

const fail = (field: string, expected: string, value: unknown): never => {
  const shown = value === undefined ? "nothing" : JSON.stringify(value).slice(0, 40);
  throw new FieldError(`${field}: expected ${expected}, found ${shown}`);
};

const optional =
  <T>(read: (value: unknown, field: string) => T) =>
  (value: unknown, field: string): T | undefined =>
    value === undefined ? undefined : read(value, field);

const asObject = (value: unknown, field: string): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(field, "an object", value);

const asArray = (value: unknown, field: string): readonly unknown[] =>
  Array.isArray(value) ? value : fail(field, "a list", value);

const asNumber = (value: unknown, field: string): number =>
  typeof value === "number" && Number.isSafeInteger(value) ? value : fail(field, "an integer", value);

const asString = (value: unknown, field: string): string =>
  typeof value === "string" ? value : fail(field, "a string", value);

/** Pairs of hexadecimal digits. */
function asBytes(value: unknown, field: string): Uint8Array {
  const text = asString(value, field);
  if (text.length % 2 !== 0 || /[^0-9a-f]/i.test(text)) fail(field, "pairs of hexadecimal digits", value);
  return Uint8Array.from(Buffer.from(text, "hex"));
}

/** The low 48 bits of a kernel address that is written with all 64. */
function asVa(value: unknown, field: string): number {
  const text = asString(value, field);
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) fail(field, "an address in hexadecimal", value);
  return Number(BigInt(text) & 0xffff_ffff_ffffn);
}

/** The address of an image, as low 48 bits: a multiple of 8. */
function asImageVa(value: unknown, field: string): number {
  const va = asVa(value, field);
  return va % 8 === 0 ? va : fail(field, "a multiple of 8", value);
}
