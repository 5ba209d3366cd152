// A program to run as a file that people read, edit and keep: `corpus/*.bpf`. The head says what it shows and what it runs
// on; the program follows in the text syntax of `spec/bpf/text`, with a `program 1:` before each further target of tail
// calls. Programs outlive seeds and generators, so the text is the test.
//
//   # title: arsh by zero clears the high word
//   # oracle: result
//   # expect: r0 = 0xffffffff00000001
//   # map: hash key=4 value=8 entries=16
//   # input: aa bb zero 14
//   r0 = *(u64 *)(r1 + 0)
//   exit

import { hex64, type U64, u64 } from "../../../spec/bits.js";
import { isSettable, structureOf } from "../../../spec/bpf/context-fields.js";
import { encode, type Insn } from "../../../spec/bpf/insn.js";
import {
  CONTEXT_KINDS,
  DEFAULT_LOOPS,
  type MapElement,
  type MapOfMaps,
  type MapSpec,
  MOST_LOOPS,
  ofOneShape,
  type Program,
  spendsLoops,
} from "../../../spec/bpf/program.js";
import { parse } from "../../../spec/bpf/text/parse.js";
import { print } from "../../../spec/bpf/text/print.js";
import { type Read, signedNumber, textError } from "../../../spec/bpf/text/token.js";
import { mapList } from "../../../spec/lists.js";
import type { Case, CaseEnv } from "../../../subjects/case.js";
import {
  bodyOf,
  type Field,
  fieldsOf,
  type Head,
  printHead,
  printWord,
  type ReadCase,
  readHead,
  readNumber,
} from "../header.js";
import { printBytes, printElements, printMap, readBytes, readElement, readMap } from "./data-text.js";

/** What the head says beside `Head`. */
interface Surroundings extends Required<CaseEnv> {
  readonly expect: readonly bigint[];
  readonly context: Program["context"];
  readonly fields: ReadonlyMap<string, bigint>;
  readonly unknownCalls: number | undefined;
  readonly maps: Program["maps"];
  readonly loops: number;
  readonly privateStack: boolean;
  readonly inputs: Case["inputs"];
}
const DEFAULTS: Surroundings = {
  ...{ expect: [], context: "memory", fields: new Map(), unknownCalls: undefined, maps: [], loops: DEFAULT_LOOPS },
  inputs: [],
  privateStack: false,
  ...{ cpu: "lse", hole: 0, blind: false, guard: false, skip: 0 },
};
const DEFAULT_INPUT_BYTES = 64;
const MOST_HOLE_BYTES = 48;
/** Two pages. */
const MOST_SKIPPED_CHUNKS = 128;

const { value, word, flag, list } = fieldsOf(DEFAULTS);
const FIELDS: readonly Field<Surroundings>[] = [
  list("expect", "expect", readResult, (r0) => `r0 = ${hex64(r0)}`),
  word("context", "context", Object.fromEntries(CONTEXT_KINDS.map((kind) => [kind, kind]))),
  {
    ...{ key: "field", many: true },
    read(text, into) {
      const field = readField(text, into);
      return typeof field === "string" ? field : { ...into, fields: new Map([...into.fields, field]) };
    },
    print: ({ fields }) => [...fields].map(([name, held]) => `${name} = ${printWord(held)}`),
  },
  value("unknown", "unknownCalls", (text) => readNumber(text, (n) => n >= 0, "a seed as a number")),
  word("cpu", "cpu", { lse: "lse", "ll-sc": "ll-sc" }),
  value("hole", "hole", (text) =>
    readNumber(text, (n) => n <= MOST_HOLE_BYTES && n % 8 === 0, `a hole of 0, 8 .. ${MOST_HOLE_BYTES} bytes`),
  ),
  flag("blind", "blind"),
  flag("guard", "guard"),
  value("skip", "skip", (text) =>
    readNumber(text, (n) => n <= MOST_SKIPPED_CHUNKS, `to skip 0 .. ${MOST_SKIPPED_CHUNKS} chunks`),
  ),
  value("loops", "loops", (text) =>
    readNumber(text, (n) => n <= MOST_LOOPS, `a may_goto budget of 0 .. ${MOST_LOOPS}`),
  ),
  word("stack", "privateStack", { kernel: false, private: true }),
  list("map", "maps", readMap, printMap),
  {
    ...{ key: "element", many: true, continues: true },
    read(text, into) {
      const maps = readElement(text, into.maps);
      return typeof maps === "string" ? maps : { ...into, maps };
    },
    print: ({ maps }) => printElements(maps),
  },
  { ...list("input", "inputs", readBytes, printBytes), continues: true },
];

/** `ingress_ifindex = 3`: what a field of the context above it holds, or what is wrong with the text. */
function readField(text: string, { context, fields }: Surroundings): readonly [string, bigint] | string {
  const [, name = "", digits = ""] = /^([\w[\]]+)\s*=\s*(\w+)$/.exec(text) ?? [];
  const settable = structureOf(context)?.fields.filter(isSettable) ?? [];
  const field = settable.find((one) => one.name === name);
  if (settable.length === 0) return `a field of a context that has none: say # context: xdp or skb above it`;
  if (field === undefined) return `expected one of ${settable.map((one) => one.name).join(", ")}, got "${text}"`;
  if (fields.has(name)) return `"${name}" comes twice`;
  const held = signedNumber(digits, false, 64);
  const most = (1n << BigInt(8 * field.width)) - 1n;
  if (held === undefined || held > most) return `expected ${name} = a number of ${field.width} bytes, got "${text}"`;
  return [name, BigInt.asUintN(8 * field.width, held)];
}

/** Read a case file, or say in one line, with the line number, what is wrong with it. */
export function parseCase(text: string): ReadCase<Case> {
  const lines = text.split(/\r?\n/);
  const read = readHead(lines, FIELDS, DEFAULTS);
  if (!read.ok) return read;
  const { head, value: surroundings, at } = read.value;
  const code = readPrograms(lines, read.value.lines);
  if (!code.ok) return code;
  const { expect, context, fields, unknownCalls, maps, loops, privateStack, cpu, hole, blind, guard, skip } =
    surroundings;
  const inputs = surroundings.inputs.length > 0 ? surroundings.inputs : [new Uint8Array(DEFAULT_INPUT_BYTES)];
  if (expect.length > 1 && expect.length !== inputs.length) {
    const wrong = `${expect.length} expect lines for ${inputs.length} inputs, expected one or one each`;
    return textError(at.get("expect")![0]!, wrong);
  }
  for (const [index, map] of maps.entries()) {
    const missing = map.kind === "progArray" && map.programs.find((p) => p !== undefined && p >= code.value.length);
    if (typeof missing === "number") {
      const wrong = `map ${index} names program ${missing}, the file has ${code.value.length}`;
      return textError(at.get("map")![index]!, wrong);
    }
  }
  const env = { cpu, hole, ...(blind && { blind }), ...(guard && { guard }), ...(skip !== 0 && { skip }) };
  for (const [index, map] of maps.entries()) {
    const wrong = map.kind === "mapOfMaps" ? wrongInner(map, maps) : undefined;
    if (wrong !== undefined) return textError(at.get("map")![index]!, `map ${index} ${wrong}`);
  }
  const program: Program = {
    code: code.value,
    maps: mapList(maps, ofOneShape),
    context,
    fields: fields.size > 0 ? fields : undefined,
    unknownCalls,
    privateStack: privateStack ? true : undefined,
    loops: loops === DEFAULT_LOOPS ? undefined : loops,
  };
  return { ok: true, value: { program, inputs, env }, head: { ...head, expect } };
}

/** A map of maps holds maps, all of them there, and none of them of that kind. */
function wrongInner({ inner }: MapOfMaps, maps: readonly MapSpec[]): string | undefined {
  const wrong = inner.find(({ map }) => maps[map] === undefined || maps[map].kind === "mapOfMaps");
  if (wrong === undefined) return undefined;
  const { map } = wrong;
  return maps[map] === undefined ? `names map ${map}, the file has ${maps.length}` : `names map ${map}, a map of maps`;
}

/** The file of a case. Reading it gives the same case. */
export function printCase({ program, inputs, env }: Case, head: Head = {}): string {
  const said = inputs.length === 1 && isDefaultInput(inputs[0]!) ? [] : inputs;
  const { expect = [] } = head;
  const { code, maps, context, fields = new Map(), unknownCalls, privateStack = false } = program;
  const programs = code.map((insns, index) => {
    return `${index === 0 ? "" : `\nprogram ${index}:\n`}${print(insns, { labels: true })}`;
  });
  const around = { expect, context, fields, unknownCalls, maps, loops: loopsOf(program), privateStack, inputs: said };
  return `${printHead(head, FIELDS, { ...DEFAULTS, ...env, ...around })}\n${programs.join("")}`;
}

const isDefaultInput = (input: Uint8Array): boolean =>
  input.length === DEFAULT_INPUT_BYTES && input.every((byte) => byte === 0);

const loopsOf = (program: Program): number => (spendsLoops(program) ? program.loops : undefined) ?? DEFAULT_LOOPS;

/** What makes it this case: the bytes of the programs, so that an id lives through a change of the text syntax. */
export function caseIdentity({ program, inputs, env }: Case, head: Head): string {
  const { code, maps, context, fields, unknownCalls, privateStack } = program;
  const loops = loopsOf(program);
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return JSON.stringify({
    code: code.map((insns) => hex(encode(insns))),
    maps: maps.map(mapIdentity),
    context,
    ...(fields && { fields: [...fields].map(([name, held]) => `${name}=${held}`).sort() }),
    ...(unknownCalls !== undefined && { unknownCalls }),
    ...(loops !== DEFAULT_LOOPS && { loops }),
    ...(privateStack === true && { privateStack }),
    inputs: inputs.map(hex),
    env: Object.entries(env)
      .filter(([, setting]) => setting !== undefined && setting !== 0 && setting !== false)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    expect: (head.expect ?? []).map((r0) => r0.toString(16)),
    oracle: head.oracle ?? null,
  });
}

function mapIdentity(map: MapSpec): readonly unknown[] {
  if (map.kind === "progArray") return ["progs", map.entries, ...map.programs.map((target) => target ?? null)];
  if (map.kind === "array" || map.kind === "hash") {
    return [map.kind, map.keyBytes, map.valueBytes, map.entries, ...elementsOf(map.contents)];
  }
  const { name: _, ...rest } = map;
  return [printMap(rest), ...printElements([rest])];
}

/** Names do not count, and a map that holds nothing at first is what it was before maps could. */
const elementsOf = (contents: readonly MapElement[] = []): readonly string[] =>
  contents.map(({ key, value }) => `${Buffer.from(key).toString("hex")}=${Buffer.from(value).toString("hex")}`);

function readResult(text: string): U64 | string {
  const [, sign, digits] = /^r0\s*=\s*(-?)(\w+)$/.exec(text) ?? [];
  const r0 = digits === undefined ? undefined : signedNumber(digits, sign === "-", 64);
  return r0 === undefined ? `expected r0 = a 64-bit number, got "${text}"` : u64(r0);
}

/** The programs from line `from` (0-based) on, split at `program N:`. */
function readPrograms(lines: readonly string[], from: number): Read<readonly (readonly Insn[])[]> {
  const starts = [from];
  for (const [line, text] of lines.entries()) {
    const number = /^\s*program\s+(\d+)\s*:\s*$/.exec(text)?.[1];
    if (number === undefined) continue;
    if (Number(number) !== starts.length) {
      return textError(line + 1, `expected program ${starts.length}, got program ${number}`);
    }
    starts.push(line + 1);
  }
  const programs: (readonly Insn[])[] = [];
  for (const [index, start] of starts.entries()) {
    const next = starts[index + 1];
    const parsed = parse(bodyOf(lines, start, next === undefined ? undefined : next - 1));
    if (!parsed.ok) return parsed;
    if (parsed.value.length === 0) {
      return textError(Math.min(start + 1, lines.length), `program ${index} has no instructions`);
    }
    programs.push(parsed.value);
  }
  return { ok: true, value: programs };
}
