// A trampoline that a real kernel built, and what led to it: the image with what was attached, the entry of the traced
// program after each attach and detach, and the image once the last of it was released.

import type { RoAddr, Va } from "../../machine/address.js";
import type { FuncArg, Halves, TrampLink, TrampolineEnv } from "../../subjects/subject.js";
import {
  asArray,
  asBytes,
  asNumber,
  asObject,
  asString,
  asVa,
  FieldError,
  type Fields,
  fail,
  optional,
} from "./fields.js";
import { kernelOf, type Recording } from "./recording.js";

export interface RecordedTrampoline {
  readonly kernel: Recording["kernel"];
  readonly name: string;
  readonly image: RoAddr;
  /** To the last chunk's end: code, then what is no code. */
  readonly bytes: Uint8Array;
  readonly codeBytes: number;
  readonly func: Va;
  readonly args: readonly FuncArg[];
  readonly ipArg: boolean;
  readonly fentry: readonly TrampLink[];
  readonly fmodRet: readonly TrampLink[];
  readonly fexit: readonly TrampLink[];
  readonly im: RecordedImage | undefined;
  readonly env: Pick<TrampolineEnv, "original" | "prog" | "dummyTramp">;
  /** Of a traced BPF program: its text, with the literal behind it, after each step; the first is as it was loaded. */
  readonly states: readonly RecordedState[];
  /** Bytes of its code. */
  readonly jitedLen: number;
  /** The last image, from its first byte, when nothing is attached any more. */
  readonly released: { readonly image: RoAddr; readonly bytes: Uint8Array } | undefined;
}
interface RecordedImage {
  readonly address: Halves;
  /** What the kernel's record says; undefined where it was not found. */
  readonly fields:
    | { readonly size: number; readonly ipAfterCall: Va | undefined; readonly ipEpilogue: Va | undefined }
    | undefined;
}
export interface RecordedState {
  readonly op: "loaded" | "attach" | "detachAll";
  readonly text: Uint8Array;
}
type ReadTrampoline =
  | { readonly ok: true; readonly value: RecordedTrampoline }
  | { readonly ok: false; readonly message: string };

/** Whether a line holds a trampoline. */
export const isTrampoline = (json: unknown): boolean => {
  const fields = json as Fields | null;
  return fields?.image !== undefined && fields.links !== undefined;
};

/** Out of parsed JSON. */
export function readTrampoline(json: unknown): ReadTrampoline {
  try {
    return { ok: true, value: trampoline(asObject(json, "trampoline")) };
  } catch (error) {
    if (error instanceof FieldError) return { ok: false, message: error.message };
    throw error;
  }
}

function trampoline(r: Fields): RecordedTrampoline {
  const [code, tail] = [asBytes(r.bytes, "bytes"), asBytes(r.tail, "tail")];
  const links = asObject(r.links, "links");
  const target = asObject(r.target, "target");
  const list = (kind: string): readonly TrampLink[] => asArray(links[kind], `links.${kind}`).map(link);
  return {
    kernel: kernelOf({ kernel: release(asString(r.kernel, "kernel")) }),
    name: asString(r.name, "name"),
    image: asText(r.image, "image"),
    bytes: Uint8Array.from([...code, ...tail]),
    codeBytes: code.length,
    func: asVa(r.func, "func"),
    args: asArray(r.args, "args").map((fields, i) => {
      const arg = asObject(fields, `args[${i}]`);
      return { bytes: asNumber(arg.bytes, `args[${i}].bytes`), isStruct: arg.isStruct === true };
    }),
    ipArg: r.ipArg === true,
    ...{ fentry: list("fentry"), fmodRet: list("fmodRet"), fexit: list("fexit") },
    im: r.im === undefined || r.im === null ? undefined : recordOf(r),
    env: environment(asObject(r.env, "env")),
    states: (optional(asArray)(target.states, "target.states") ?? []).map(state),
    jitedLen: optional(asNumber)(target.jitedLen, "target.jitedLen") ?? 0,
    released: r.afterRelease === undefined || r.afterRelease === null ? undefined : releasedOf(r.afterRelease),
  };
}

/** `6.12.117+deb12-arm64` without what a distribution adds. */
const release = (text: string): string => text.replace(/[+-].*$/, "");

function releasedOf(value: unknown): RecordedTrampoline["released"] {
  const fields = asObject(value, "afterRelease");
  const image = asText(fields.image, "afterRelease.image");
  return { image, bytes: asBytes(fields.firstBytes, "afterRelease.firstBytes") };
}

function recordOf(r: Fields): RecordedImage {
  const address = asHalves(r.im, "im");
  if (r.imFields === undefined || r.imFields === null) return { address, fields: undefined };
  const fields = asObject(r.imFields, "imFields");
  const place = (name: string): Va | undefined => {
    const va = asVa(fields[name], `imFields.${name}`);
    return va === 0 ? undefined : va;
  };
  const size = asVa(fields.size, "imFields.size");
  return { address, fields: { size, ipAfterCall: place("ip_after_call"), ipEpilogue: place("ip_epilogue") } };
}

function link(value: unknown, index: number): TrampLink {
  const fields = asObject(value, `link ${index}`);
  return {
    prog: asVa(fields.prog, "prog"),
    bpfFunc: asVa(fields.bpfFunc, "bpfFunc"),
    insnsi: asVa(fields.insnsi, "insnsi"),
    jited: fields.jited === true,
    cookie: asHalves(fields.cookie, "cookie"),
    sleepable: fields.sleepable === true,
    recursionChecked: fields.recursionChecked === true,
    lsmCgroup: fields.lsmCgroup === true,
  };
}

function environment(env: Fields): RecordedTrampoline["env"] {
  const pair = (value: unknown, field: string) => {
    const fields = asObject(value, field);
    return { enter: asVa(fields.enter, `${field}.enter`), exit: asVa(fields.exit, `${field}.exit`) };
  };
  const prog = asObject(env.prog, "env.prog");
  return {
    original: pair(env.original, "env.original"),
    prog: {
      plain: pair(prog.plain, "env.prog.plain"),
      sleepable: pair(prog.sleepable, "env.prog.sleepable"),
      recur: pair(prog.recur, "env.prog.recur"),
      sleepableRecur: pair(prog.sleepableRecur, "env.prog.sleepableRecur"),
      lsmCgroup: pair(prog.lsmCgroup, "env.prog.lsmCgroup"),
    },
    dummyTramp: asVa(env.dummyTramp, "env.dummyTramp"),
  };
}

function state(value: unknown, index: number): RecordedState {
  const fields = asObject(value, `state ${index}`);
  const op = asString(fields.op, "op");
  if (op !== "loaded" && op !== "attach" && op !== "detachAll") return fail("op", "loaded, attach or detachAll", op);
  return { op, text: asBytes(fields.text, "text") };
}

const asText = (value: unknown, field: string): RoAddr => {
  const va = asVa(value, field);
  return va % 4 === 0 ? (va as RoAddr) : fail(field, "a multiple of 4", value);
};

function asHalves(value: unknown, field: string): Halves {
  const text = asString(value, field);
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) fail(field, "64 bits in hexadecimal", value);
  const bits = BigInt(text);
  return { high: Number(bits >> 32n), low: Number(bits & 0xffff_ffffn) };
}
