// The plan of a case: which maps it has, what r1 points to, and what its memory allows.

import {
  type ArrayMap,
  type HashMap,
  isDataMap,
  type MapSpec,
  type ProgArrayMap,
} from "../../../../spec/bpf/program.js";
import type { Dialect } from "../../../../subjects/dialect.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import type { Plan } from "./body.js";
import type { Features } from "./plan.js";
import { type Differs, type Region, region } from "./registers.js";

interface Planned extends Pick<Plan, "maps" | "kind" | "tailCallsFromFunctions"> {}

export function makePlanned(draw: Draw, features: Features, programs: number): Planned {
  const tailCallsFromFunctions = features.tailCalls && features.calls && programs > 1 && draw.chance(50);
  const maps = makeMaps(draw, features, tailCallsFromFunctions ? 1 : 0, programs);
  return { tailCallsFromFunctions, maps, kind: features.packet ? "xdp" : "memory" };
}

interface PlanParts extends Planned, Pick<Plan, "menu" | "rows"> {
  readonly dialect: Dialect;
  readonly inputBytes: number;
}

export function makePlan(features: Features, parts: PlanParts): Plan {
  const { menu, rows, dialect, inputBytes, maps, kind, tailCallsFromFunctions } = parts;
  const aligned = !dialect.unaligned;
  const memory = (of: Region["kind"], end: number, differs?: Differs): Region => region(of, 0, end, aligned, differs);
  return {
    features,
    menu,
    rows,
    maps,
    kind,
    tailCallsFromFunctions,
    stackBytes: dialect.stackBytes,
    calleeStackBytes: dialect.calleeStackBytes,
    zeroedFrame: dialect.zeroedFrame,
    aligned,
    dataMaps: maps.flatMap((map, i) => (isDataMap(map) ? [i] : [])),
    progArrays: maps.flatMap((map, i) => (map.kind === "progArray" ? [i] : [])),
    context:
      kind === "memory" ? memory("context", inputBytes) : memory("context", 0, { movable: false, spillable: false }),
    packet: memory("packet", 0x1_0000, { atomics: false }),
    packetEnd: memory("packetEnd", 0, { movable: false }),
    mapObjects: maps.map((_, map) => memory("map", 0, { movable: false, map })),
    values: maps.map((spec, map) => {
      const isHash = spec.kind === "hash";
      return memory("value", isDataMap(spec) ? spec.valueBytes : 0, { shortLived: isHash, spillable: !isHash, map });
    }),
    callees: [],
  };
}

const VALUE_BYTES = [8, 16, 4, 8, 12, 24, 1, 64] as const;
const KEY_BYTES = [4, 8, 4, 2, 16, 1] as const;

/** Tail calls lead to the programs from `first` to before `end`. */
function makeMaps(draw: Draw, features: Features, first: number, end: number): readonly MapSpec[] {
  const maps: MapSpec[] = features.maps ? Array.from({ length: draw.between(1, 2) }, () => dataMap(draw)) : [];
  if (!features.tailCalls) return maps;
  const entries = draw.between(1, 4);
  const targets = Array.from({ length: entries }, () => (draw.chance(75) ? draw.between(first, end - 1) : undefined));
  const progArray: ProgArrayMap = { kind: "progArray", entries, programs: targets };
  return draw.chance(50) ? [...maps, progArray] : [progArray, ...maps];
}

function dataMap(draw: Draw): ArrayMap | HashMap {
  const valueBytes = draw.pick(VALUE_BYTES);
  if (draw.chance(35)) return { kind: "hash", keyBytes: draw.pick(KEY_BYTES), valueBytes, entries: draw.between(1, 4) };
  return { kind: "array", keyBytes: 4, valueBytes, entries: draw.chance(60) ? 1 : draw.between(2, 4) };
}
