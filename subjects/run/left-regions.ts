// What a run has left of all that it was given and may have changed, in the terms of the interpreter's outcome: read out, or
// compared where it lies. Most runs leave what the interpreter says, and nobody needs a copy of that.

import { holds } from "../../machine/holds.js";
import type { Machine } from "../../machine/machine.js";
import { type HelperState, hasRequests } from "../../spec/bpf/helpers.js";
import { isCompared } from "../../spec/bpf/maps.js";
import type { RegionBytes } from "../../spec/bpf/outcome.js";
import { hasFields, type Layout, type Program, type Range } from "../../spec/bpf/program.js";

/** `values`: of an array map, as they lie in memory. `entries`: of another, as its state tells them. */
interface Region {
  readonly name: string;
  readonly what: "stack" | "context" | "packet" | "values" | "entries" | "requests";
  /** Index into `Program.maps`. */
  readonly map: number;
}

/** The run in progress. */
interface InProgress {
  layout(): Layout;
  helperState(): HelperState;
}

export class LeftRegions {
  private regions: readonly Region[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly run: InProgress,
  ) {}

  /** Runs of that program come. */
  open(program: Program): void {
    this.regions = regionsOf(program);
  }

  /** @param frame where the region `stack` lies */
  read(frame: Range): readonly RegionBytes[] {
    return this.regions.map((region) => ({ name: region.name, bytes: this.bytes(region, frame) }));
  }

  /** Whether just these were left, byte for byte. */
  are(expected: readonly RegionBytes[], frame: Range): boolean {
    const { regions } = this;
    if (expected.length !== regions.length) return false;
    for (let i = 0; i < regions.length; i++) {
      const { name, bytes } = expected[i]!;
      if (name !== regions[i]!.name || !this.holds(regions[i]!, frame, bytes)) return false;
    }
    return true;
  }

  private holds(region: Region, frame: Range, bytes: Uint8Array): boolean {
    const range = this.range(region, frame);
    if (range === undefined) return Buffer.compare(this.told(region), bytes) === 0;
    return range.bytes === bytes.length && holds(this.machine, range.base, bytes);
  }

  private bytes(region: Region, frame: Range): Uint8Array {
    const range = this.range(region, frame);
    return range === undefined ? this.told(region) : this.machine.peek(range.base, range.bytes);
  }

  /** Undefined for what is no stretch of memory. */
  private range({ what, map }: Region, frame: Range): Range | undefined {
    switch (what) {
      case "stack":
        return frame;
      case "context":
        return this.run.layout().context;
      case "packet":
        return this.run.layout().packet;
      case "values":
        return this.run.layout().maps[map]!.values;
      default:
        return undefined;
    }
  }

  private told({ what, map }: Region): Uint8Array {
    const { requests, maps } = this.run.helperState();
    return what === "requests" ? requests.dump() : maps.dump(map);
  }
}

/** In the order of the interpreter's outcome. */
function regionsOf(program: Program): readonly Region[] {
  const regions: Region[] = [STACK, CONTEXT];
  if (hasFields(program.context)) regions.push(PACKET);
  for (const [map, spec] of program.maps.entries()) {
    if (isCompared(spec)) regions.push({ name: `map ${map}`, what: spec.kind === "array" ? "values" : "entries", map });
  }
  if (hasRequests(program)) regions.push(REQUESTS);
  return regions;
}
const STACK: Region = { name: "stack", what: "stack", map: 0 };
const CONTEXT: Region = { name: "context", what: "context", map: 0 };
const PACKET: Region = { name: "packet", what: "packet", map: 0 };
const REQUESTS: Region = { name: "requests", what: "requests", map: 0 };
