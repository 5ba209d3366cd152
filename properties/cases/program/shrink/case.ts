// Ways to make the rest of a case smaller: fewer programs, maps and inputs, plainer inputs, the default environment.

import { type Insn, insn, withFields } from "../../../../spec/bpf/insn.js";
import { rowById } from "../../../../spec/bpf/isa.js";
import { isDataMap, type MapSpec, namedSlots } from "../../../../spec/bpf/program.js";
import type { Case } from "../../../../subjects/case.js";
import type { Pass } from "../../shrink.js";
import { withoutEach } from "../../smaller.js";
import { settle } from "./code.js";
import type { Drafts } from "./edits.js";

type Cases = Generator<Case>;

const withProgram = (value: Case, program: Partial<Case["program"]>): Case => ({
  ...value,
  program: { ...value.program, ...program },
});

const NEARLY_NOTHING: Case["program"] = {
  code: [[insn(rowById("mov imm")), insn(rowById("exit"))]],
  maps: [],
  context: "memory",
};
const SHORTEST = 8;
/** The last chunk of a page: what begins there ends on the next page. */
const LAST_CHUNK = 63;

/** A program that does next to nothing, on one page and on two: what is wrong may be memory, not code. */
export function* nearlyNothing(): Cases {
  const value: Case = { program: NEARLY_NOTHING, inputs: [new Uint8Array(SHORTEST)], env: { cpu: "lse", hole: 0 } };
  yield value;
  yield { ...value, env: { ...value.env, skip: LAST_CHUNK } };
}

/** One input instead of several; without one of them. */
export function* fewerInputs(value: Case): Cases {
  const { inputs } = value;
  if (inputs.length === 1) return;
  for (const input of inputs) yield { ...value, inputs: [input] };
  for (const fewer of withoutEach(inputs)) yield { ...value, inputs: fewer };
}

/** One of the programs alone; without one of those that are tail called. */
export function* fewerPrograms(value: Case): Cases {
  const { code, maps } = value.program;
  if (code.length === 1) return;
  for (const only of code)
    yield withProgram(value, { code: [only], maps: maps.map((map) => retarget(map, () => undefined)) });
  for (let i = 1; i < code.length; i++) {
    const renumber = (target: number): number | undefined =>
      target === i ? undefined : target > i ? target - 1 : target;
    yield withProgram(value, {
      code: code.filter((_, j) => j !== i),
      maps: maps.map((map) => retarget(map, renumber)),
    });
  }
}

function retarget(map: MapSpec, renumber: (target: number) => number | undefined): MapSpec {
  if (map.kind === "insnArray") return { ...map, code: renumber(map.code) ?? 0 };
  if (map.kind !== "progArray") return map;
  return { ...map, programs: map.programs.map((target) => (target === undefined ? undefined : renumber(target))) };
}

/** Without the maps that no instruction names; smaller maps; a plain context where no field is used. */
export function* fewerMaps(value: Case): Cases {
  const { code, maps, context } = value.program;
  const named = new Set(code.flatMap((slots) => slots.filter(namesMap).map(({ imm }) => imm)));
  for (const i of [...named]) for (const inner of innerOf(maps[i]!)) named.add(inner);
  const kept = maps.map((_, i) => i).filter((i) => named.has(i));
  if (kept.length < maps.length) {
    const renumber = (slot: Insn): Insn => (namesMap(slot) ? withFields(slot, { imm: kept.indexOf(slot.imm) }) : slot);
    const holding = (map: MapSpec): MapSpec =>
      map.kind === "mapOfMaps"
        ? { ...map, inner: map.inner.map((one) => ({ ...one, map: kept.indexOf(one.map) })) }
        : map;
    const fewer = kept.map((i) => holding(maps[i]!));
    yield withProgram(value, { code: code.map((slots) => slots.map(renumber)), maps: fewer });
  }
  for (const [i, map] of maps.entries()) {
    if (isDataMap(map) && map.contents !== undefined) {
      const { contents: _, ...empty } = map;
      yield withProgram(value, { maps: maps.with(i, empty) });
      continue;
    }
    // A map of maps without some of them first.
    if (map.kind === "mapOfMaps")
      for (const inner of withoutEach(map.inner)) yield withProgram(value, { maps: maps.with(i, { ...map, inner }) });
    if (map.entries === 1) continue;
    const programs = map.kind === "progArray" ? { programs: map.programs.slice(0, 1) } : {};
    const slots = map.kind === "insnArray" ? { slots: map.slots.slice(0, 1) } : {};
    yield withProgram(value, { maps: maps.with(i, { ...map, entries: 1, ...programs, ...slots }) });
  }
  const { fields, ...plain } = value.program;
  if (fields !== undefined) {
    yield { ...value, program: plain };
    for (const fewer of withoutEach([...fields])) yield withProgram(value, { fields: new Map(fewer) });
  }
  const { privateStack, ...onKernelStack } = value.program;
  if (privateStack === true) yield { ...value, program: onKernelStack };
  if (context !== "memory") yield withProgram(value, { context: "memory" });
}

const innerOf = (map: MapSpec): readonly number[] =>
  map.kind === "mapOfMaps" ? map.inner.map(({ map: index }) => index) : [];

const namesMap = ({ row }: Insn): boolean => row.kind === "lddw" && row.source !== "imm64";

/** Without hole, at the start of the pack, with LSE atomics, with its constants and divisions as they are. */
export function* plainerEnvironment(value: Case): Cases {
  const { env } = value;
  const { blind: _, ...plain } = env;
  const { guard: ___, ...unguarded } = env;
  yield { ...value, env: { cpu: "lse", hole: 0 } };
  yield { ...value, env: plain };
  yield { ...value, env: unguarded };
  if (env.skip !== undefined) {
    const { skip: __, ...unskipped } = env;
    yield { ...value, env: unskipped };
  }
  yield { ...value, env: { ...env, hole: 0 } };
  yield { ...value, env: { ...env, cpu: "lse" } };
}

/** Shorter inputs, then zeroes, then single bytes closer to zero. */
export function* plainerInputs(value: Case): Cases {
  const { inputs } = value;
  const withInput = (i: number, input: Uint8Array): Case => ({ ...value, inputs: inputs.with(i, input) });
  const longest = Math.max(...inputs.map(({ length }) => length));
  for (const length of [SHORTEST, longest >> 2, longest >> 1, longest - 8]) {
    if (length >= SHORTEST && length < longest)
      yield { ...value, inputs: inputs.map((input) => input.slice(0, length)) };
  }
  for (const [i, input] of inputs.entries()) {
    for (let size = input.length; size >= 1; size >>= 1) {
      for (let start = 0; start < input.length; start += size) {
        if (input.subarray(start, start + size).every((byte) => byte === 0)) continue;
        yield withInput(i, input.slice().fill(0, start, start + size));
      }
    }
    for (const [at, byte] of input.entries()) {
      if (byte > 1) for (const plainer of [1, byte >> 1]) yield withInput(i, input.with(at, plainer));
    }
  }
}

/** Slots of that code have become others. */
const renamed = (map: MapSpec, code: number, places: Int32Array): MapSpec =>
  map.kind === "insnArray" && map.code === code ? { ...map, slots: map.slots.map((slot) => places[slot]!) } : map;

/** A pass over the code of each program. */
export function overCode(edit: (code: readonly Insn[]) => Drafts): Pass<Case> {
  return function* (value) {
    const { code: codes, maps } = value.program;
    for (const [i, code] of codes.entries()) {
      const named = namedSlots(maps, i);
      for (const draft of edit(code)) {
        const edited = settle(draft, named);
        if (edited === undefined) continue;
        const moved = named.length === 0 ? {} : { maps: maps.map((map) => renamed(map, i, edited.places)) };
        yield withProgram(value, { code: codes.with(i, edited.code), ...moved });
      }
    }
  };
}
