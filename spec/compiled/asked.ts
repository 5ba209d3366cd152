// The helpers and kernel functions that the compiled interpreter does not have. It asks for them, and those of `spec/bpf`
// answer: they work on its registers and its memory. Maps that only they know are theirs.

import { type U64, u64 } from "../bits.js";
import { callHelper } from "../bpf/helpers/helper.js";
import { calleeOf, callUnknown } from "../bpf/helpers/unknown.js";
import { type HelperState, initialHelperState } from "../bpf/helpers.js";
import { modelOf } from "../bpf/kernel-functions.js";
import { MapStates } from "../bpf/maps.js";
import { type Memory, PlainMemory, regionOf } from "../bpf/memory.js";
import type { RegionBytes } from "../bpf/outcome.js";
import type { Layout, Program } from "../bpf/program.js";
import { shownArguments } from "../bpf/run-state.js";
import { initialEntries } from "./elements.js";
import * as at from "./layout.js";
import { isTaken } from "./maps.js";
import type { Instance } from "./module.js";

/** A run that begins. */
interface Begun {
  readonly program: Program;
  readonly layout: Layout;
  /** Where they lie in linear memory. */
  readonly context: Uint8Array;
  readonly packet: Uint8Array;
}

const GOES_ON = 0;
const NOTHING = new Uint8Array();

export class AskedHelpers {
  private readonly words: BigUint64Array;
  private readonly memory: Memory;
  private begun: Begun | undefined;
  /** Made on the first call. */
  private state: HelperState | undefined;

  constructor(instance: Omit<Instance, "run">) {
    this.words = new BigUint64Array(instance.memory);
    this.memory = memoryOf(instance);
  }

  begin(run: Begun): void {
    this.begun = run;
    this.state = undefined;
  }

  /** @returns 0, or what ends the run */
  call(isKernelFunction: boolean, id: number): number {
    const { words } = this;
    const target = isKernelFunction ? "kfunc" : "helper";
    const helper = modelOf(target, id);
    const args = Array.from(words.subarray(1, 6), u64);
    if (helper === undefined) return this.callUnknown(calleeOf(target, id), args);
    const state = this.helperState();
    state.clock = words[at.CLOCK / 8]!;
    const result = callHelper(helper, state, args);
    words[at.CLOCK / 8] = state.clock;
    if (!result.ok) return at.FAULTED;
    words[at.REGISTERS / 8] = result.r0;
    return GOES_ON;
  }

  private callUnknown(callee: number, args: readonly U64[]): number {
    const { unknownCalls: seed } = this.begun!.program;
    if (seed === undefined) return at.FAULTED;
    const defined = shownArguments(args);
    this.words[at.REGISTERS / 8] = callUnknown(this.helperState(), { seed, callee, args, defined });
    return GOES_ON;
  }

  private helperState(): HelperState {
    if (this.state !== undefined) return this.state;
    const { memory } = this;
    const { program, layout, context, packet } = this.begun!;
    const maps = new MapStates(program.maps, layout, memory, (spec) => !isTaken(spec));
    const kernel = new PlainMemory([
      regionOf("context", layout.context.base, context),
      regionOf("packet", layout.packet.base, packet),
    ]);
    this.state = initialHelperState({ memory, kernel, maps, program, layout });
    return this.state;
  }

  /** What is in a map that only these helpers know. */
  dump(map: number): Uint8Array {
    const spec = this.begun!.program.maps[map]!;
    // A trie keeps prefixes, and not the keys as they were given.
    const isUntouched = this.state === undefined && spec.kind !== "lpmTrie";
    return isUntouched ? initialEntries(spec) : this.helperState().maps.dump(map);
  }

  /** What was asked of the kernel. */
  requests(): RegionBytes {
    const records = this.state?.requests;
    return { name: "requests", bytes: records?.dump() ?? NOTHING, written: records?.defined() };
  }
}

/** Memory as the program that runs sees it. */
function memoryOf({ memory, readable, writable }: Omit<Instance, "run">): Memory {
  const all = new Uint8Array(memory);
  return {
    read: (address, bytes) => {
      const place = readable(address, bytes.length);
      if (place !== at.BAD) bytes.set(all.subarray(place, place + bytes.length));
      return place !== at.BAD;
    },
    write: (address, bytes) => {
      const place = writable(address, bytes.length);
      if (place !== at.BAD) all.set(bytes, place);
      return place !== at.BAD;
    },
  };
}
