// The plan of a case: which maps it has, what r1 points to, and what its memory allows.

import {
  type ArrayMap,
  type ContextKind,
  type HashMap,
  hasFields,
  isDataMap,
  type LpmTrieMap,
  type MapOfMaps,
  type MapSpec,
  ofOneShape,
  type ProgArrayMap,
  REDIRECT_TARGETS,
  type RedirectMap,
} from "../../../../spec/bpf/program.js";
import { indexesOf, mapList, times } from "../../../../spec/lists.js";
import type { Dialect } from "../../../../subjects/dialect.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import type { Plan } from "./body.js";
import { callableHelpers } from "./helper-block.js";
import type { Features } from "./plan.js";
import { type Differs, type Region, region } from "./registers.js";

interface Planned extends Pick<Plan, "maps" | "kind" | "tailCallsFromFunctions" | "unknownCalls"> {}

/** Of a hundred programs with a packet, those that get an skb. */
const WITH_SKB = 35;
/** Of a hundred that call the kernel and have no packet, those that only read what they are given. */
const TRACING = 30;
/** Of a hundred that call the kernel, those that call what is not modelled. */
const UNKNOWN_CALLS = 15;

export function makePlanned(draw: Draw, features: Features, programs: number, isKernel: boolean): Planned {
  const tailCallsFromFunctions = features.tailCalls && features.calls && programs > 1 && draw.chance(50);
  const maps = mapList(makeMaps(draw, features, tailCallsFromFunctions ? 1 : 0, programs), ofOneShape);
  const unknownCalls = features.kernel && isKernel && draw.chance(UNKNOWN_CALLS);
  return { tailCallsFromFunctions, maps, kind: contextKind(draw, features, isKernel), unknownCalls };
}

function contextKind(draw: Draw, { packet, kernel }: Features, isKernel: boolean): ContextKind {
  if (packet) return isKernel && draw.chance(WITH_SKB) ? "skb" : "xdp";
  return kernel && draw.chance(TRACING) ? "tracing" : "memory";
}

interface PlanParts extends Planned, Pick<Plan, "menu" | "rows"> {
  readonly dialect: Dialect;
  readonly inputBytes: number;
}

export function makePlan(features: Features, parts: PlanParts): Plan {
  const { menu, rows, dialect, inputBytes, maps, kind, tailCallsFromFunctions, unknownCalls } = parts;
  const aligned = !dialect.unaligned;
  const memory = (of: Region["kind"], end: number, differs?: Differs): Region => region(of, 0, end, aligned, differs);
  return {
    features,
    menu,
    rows,
    maps,
    tables: [],
    kind,
    unknownCalls,
    tailCallsFromFunctions,
    stackBytes: dialect.stackBytes,
    calleeStackBytes: dialect.calleeStackBytes,
    zeroedFrame: dialect.zeroedFrame,
    aligned,
    dataMaps: indexesOf(maps, isDataMap),
    progArrays: indexesOf(maps, ({ kind }) => kind === "progArray"),
    mapsOfMaps: indexesOf(maps, ({ kind }) => kind === "mapOfMaps"),
    callable: features.kernel ? callableHelpers(kind, maps, dialect.helpers) : [],
    helpers: dialect.helpers,
    context: hasFields(kind)
      ? memory("context", 0, { movable: false, spillable: false })
      : memory("context", inputBytes, { writable: kind !== "tracing", atomics: kind !== "tracing" }),
    packet: memory("packet", 0x1_0000, { atomics: false }),
    packetEnd: memory("packetEnd", 0, { movable: false }),
    mapObjects: mapList(maps, (_, map) => memory("map", 0, { movable: false, map })),
    values: mapList(maps, (spec, map) => {
      const isShort = isDataMap(spec) && spec.kind !== "array";
      const isWritten = spec.kind !== "redirect";
      const differs = { shortLived: isShort, spillable: !isShort, writable: isWritten, atomics: isWritten, map };
      return memory("value", isDataMap(spec) ? spec.valueBytes : 0, differs);
    }),
    callees: [],
  };
}

const VALUE_BYTES = [8, 16, 4, 8, 12, 24, 1, 64] as const;
const KEY_BYTES = [4, 8, 4, 2, 16, 1] as const;

/** Tail calls lead to the programs from `first` to before `end`. */
function makeMaps(draw: Draw, features: Features, first: number, end: number): readonly MapSpec[] {
  const maps: MapSpec[] = features.maps ? times(draw.between(1, 2), () => dataMap(draw)) : [];
  if (features.kernel && features.maps) maps.push(...kernelMaps(draw, maps.length));
  if (!features.tailCalls) return maps;
  const entries = draw.between(1, 4);
  const targets = times(entries, () => (draw.chance(75) ? draw.between(first, end - 1) : undefined));
  const progArray: ProgArrayMap = { kind: "progArray", entries, programs: targets };
  // A map of maps names others by index.
  return features.kernel || draw.chance(50) ? [...maps, progArray] : [progArray, ...maps];
}

/** Where records go to, stacks, targets of packets, longest prefixes, and maps of maps. */
function kernelMaps(draw: Draw, before: number): readonly MapSpec[] {
  const some = (chance: number, make: () => MapSpec): readonly MapSpec[] => (draw.chance(chance) ? [make()] : []);
  const maps = [
    ...some(40, () => ({ kind: "ringBuffer", entries: 4096 })),
    ...some(40, () => ({ kind: "perfEvents", entries: draw.between(1, 2) })),
    ...some(15, () => ({ kind: "stackTrace", valueBytes: 64, entries: 16 })),
    ...some(25, () => redirectMap(draw)),
    ...some(30, () => lpmTrie(draw)),
  ];
  if (!draw.chance(30)) return maps;
  const inner = { kind: "array", keyBytes: 4, valueBytes: draw.pick([4, 8, 16]), entries: 2 } as const;
  return [...maps, inner, inner, mapOfMaps(draw, before + maps.length)];
}

function redirectMap(draw: Draw): RedirectMap {
  const to = draw.pick(REDIRECT_TARGETS);
  const element = (slot: number) => ({ key: word(slot), value: word(draw.between(1, 9)) });
  return { kind: "redirect", to, keyBytes: 4, valueBytes: 4, entries: 2, contents: [element(draw.below(2))] };
}

const lpmTrie = (draw: Draw): LpmTrieMap => ({
  ...{
    kind: "lpmTrie",
    keyBytes: draw.pick([5, 6, 8]),
    valueBytes: draw.pick(VALUE_BYTES),
    entries: draw.between(2, 4),
  },
});

/** Of two maps of one shape, the first of which has that index. */
const mapOfMaps = (draw: Draw, first: number): MapOfMaps => ({
  kind: "mapOfMaps",
  outer: draw.chance(60) ? "array" : "hash",
  keyBytes: 4,
  entries: 2,
  inner: [0, 1].map((slot) => ({ key: word(slot), map: first + slot })),
});

const word = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

function dataMap(draw: Draw): ArrayMap | HashMap {
  const valueBytes = draw.pick(VALUE_BYTES);
  if (draw.chance(35)) return { kind: "hash", keyBytes: draw.pick(KEY_BYTES), valueBytes, entries: draw.between(1, 4) };
  return { kind: "array", keyBytes: 4, valueBytes, entries: draw.chance(60) ? 1 : draw.between(2, 4) };
}
