// A program that a real kernel compiled, and the bytes that it made of it. Two kinds of records hold them: generated
// programs with the code alone, and vectors with the whole memory around each image.

import { VERSIONS, type Version } from "../../subjects/subject.js";
import excerpts from "./excerpts.json" with { type: "json" };
import {
  asArray,
  asBytes,
  asImageVa,
  asNumber,
  asObject,
  asString,
  asVa,
  FieldError,
  type Fields,
  fail,
  optional,
} from "./fields.js";

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

export function kernelOf(fields: Fields): RecordedKernel {
  const release = optional(asString)(fields.kernel, "kernel") ?? "6.12";
  const version = VERSIONS.find((known) => release === known || release.startsWith(`${known}.`));
  if (version === undefined) fail("kernel", `one of Linux ${VERSIONS.join(", ")}`, release);
  const arrayPtrs = optional(asNumber)(fields.arrayPtrs, "arrayPtrs");
  return { version: version!, arrayPtrs, isHardened: optional(asNumber)(fields.harden, "harden") === 2 };
}
