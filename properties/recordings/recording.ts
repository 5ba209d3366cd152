// A program that a real kernel compiled, and the bytes that it made of it. Two file formats hold them: lines of JSON with
// the code alone, and one JSON document of vectors with the whole memory around each image. Both parse to a `Recording`.

import { asArray, asBytes, asImageVa, asNumber, asObject, asString, asVa, FormatError } from "./format.js";

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

export interface Recording {
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
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** One line of a file of generated programs. */
export const parseLine = (line: string): Parsed<Recording> =>
  parse(line, (json) => generated(asObject(json, "recording")));

/** The document of vectors. */
export const parseVectors = (text: string): Parsed<readonly Recording[]> =>
  parse(text, (json) =>
    asArray(asObject(json, "document").vectors, "vectors").map((v, i) => vector(asObject(v, `vectors[${i}]`))),
  );

function parse<T>(text: string, read: (json: unknown) => T): Parsed<T> {
  try {
    return { ok: true, value: read(JSON.parse(text)) };
  } catch (error) {
    if (error instanceof FormatError || error instanceof SyntaxError) return { ok: false, message: error.message };
    throw error;
  }
}

type Fields = Record<string, unknown>;

/** Emulated CPUs of the first version of the architecture, which has no single-instruction atomics. */
const WITHOUT_LSE = /^cortex-a(35|53|57|72|73)$/;

function generated(r: Fields): Recording {
  const jited = asBytes(r.jited, "jited");
  const ksyms = asArray(r.ksyms, "ksyms");
  const depths = r.stackDepths === undefined ? [] : asArray(r.stackDepths, "stackDepths");
  let at = 0;
  const functions = asArray(r.funcLens, "funcLens").map((length, i): RecordedFunction => {
    const start = at;
    at += asNumber(length, `funcLens[${i}]`);
    return {
      roImage: asImageVa(ksyms[i], `ksyms[${i}]`),
      code: jited.slice(start, at),
      stackDepth: r.stackDepths === undefined ? undefined : asNumber(depths[i], `stackDepths[${i}]`),
      region: undefined,
    };
  });
  if (at !== jited.length) throw new FormatError(`funcLens add up to ${at}, but jited is ${jited.length} bytes long`);
  return {
    name: asString(r.family, "family"),
    lse: !WITHOUT_LSE.test(asString(r.cpu, "cpu")),
    progType: r.progType === undefined ? undefined : asNumber(r.progType, "progType"),
    insns: r.insns === undefined ? undefined : asBytes(r.insns, "insns"),
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
    packet: r.dataOut === undefined ? undefined : asBytes(r.dataOut, "dataOut"),
    deterministic: typeof r.deterministic === "boolean" ? r.deterministic : undefined,
  };
}

function vector(v: Fields): Recording {
  const name = asString(v.name, "name");
  return {
    name,
    lse: !asString(v.run, `${name}: run`).includes("no LSE"),
    progType: undefined,
    insns: undefined,
    xlated: asBytes(v.xlated, `${name}: xlated`),
    callBase: asVa(v.bpf_call_base, `${name}: bpf_call_base`),
    dummyTramp: asVa(v.dummy_tramp, `${name}: dummy_tramp`),
    functions: asArray(v.functions, `${name}: functions`).map((f, i) =>
      vectorFunction(asObject(f, `${name}: functions[${i}]`)),
    ),
    run: undefined,
  };
}

function vectorFunction(f: Fields): RecordedFunction {
  const roImage = asImageVa(f.ro_image, "ro_image");
  return {
    roImage,
    code: asBytes(f.jited, "jited"),
    stackDepth: undefined,
    region: {
      bytes: asBytes(f.region, "region"),
      imageOffset: roImage - asVa(f.region_addr, "region_addr"),
    },
  };
}
