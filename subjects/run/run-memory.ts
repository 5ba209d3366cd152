// The memory of one run: stack, context, packet, maps and the kernel's objects that compiled code reads (prog arrays and
// the programs in them), put in place before the run and read back after it; and the helpers that work on it.

import type { Trap } from "../../engines/engine.js";
import { pointer, type Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { u64 } from "../../spec/bits.js";
import { contextBytes, packetBytes } from "../../spec/bpf/context.js";
import { type HelperState, initialHelperState } from "../../spec/bpf/helpers.js";
import { insnArrayBytes } from "../../spec/bpf/insn-array.js";
import { MapStates } from "../../spec/bpf/maps.js";
import type { Outcome, RegionBytes } from "../../spec/bpf/outcome.js";
import {
  hasFields,
  isDataMap,
  type Layout,
  type MapSpec,
  type Program,
  type Range,
  STACK_BYTES,
} from "../../spec/bpf/program.js";
import { mapList } from "../../spec/lists.js";
import { shortBytes } from "../../spec/slab.js";
import { Area, NOWHERE } from "./area.js";
import { helperTraps } from "./helper-traps.js";
import { ENTRY_SP, PROG_BYTES, PROG_OBJECTS, pagesOf, STACK, TASK } from "./layout.js";
import { LeftRegions } from "./left-regions.js";
import { MachineMemory } from "./machine-memory.js";

/** Offsets in the kernel's structures that compiled code relies on. */
interface ObjectOffsets {
  readonly arrayMaxEntries: number;
  readonly arrayPtrs: number;
  readonly progFunc: number;
}

/** Where the code of a program lies. */
export interface CodePlaces {
  /** By code: the address of its image. */
  readonly entries: readonly Va[];
  /** The address of what was compiled for a slot of a code. */
  instructionAt(code: number, slot: number): Va;
  /** Frames that are not on the kernel's stack. */
  privateStacks(): readonly PrivateStack[];
}
interface PrivateStack extends Range {
  /** The subject has made it: what is around it is its own. */
  readonly isGuest: boolean;
}

const UNWRITTEN = 0x5b;
const NOTHING = new Uint8Array();
const NONE: readonly PrivateStack[] = [];
const CALLERS_PART = Buffer.alloc(STACK.base + STACK.bytes - ENTRY_SP, UNWRITTEN);
const ZEROES = new Uint8Array(STACK.bytes);
const UNWRITTEN_FRAME = new Uint8Array(STACK_BYTES + 16).fill(UNWRITTEN);

export class RunMemory {
  /** Helpers, which work on the maps of the run in progress. */
  readonly traps: ReadonlyMap<Va, Trap>;
  /** Made when somebody first asks for it. */
  private madeHelperState: HelperState | undefined;
  private layout: Layout | undefined;
  private readonly memory: MachineMemory;
  private readonly kernel: MachineMemory;
  /** What helpers reach for programs, found when one asks. */
  private madeRanges: readonly Range[] | undefined;
  private program: Program | undefined;
  private code: CodePlaces | undefined;
  /** What all runs of the program have in common. */
  private readonly left: LeftRegions;
  private hasFields = false;
  private programObjects = NOTHING;
  private programsAt = NOWHERE;
  private privateRanges = NONE;
  /** Maps hold something that no helper has put there. */
  private isFilled = false;
  /** Which arguments of unknown calls are defined. */
  private expected: RegionBytes | undefined;
  private readonly context: Area;
  private readonly packet: Area;
  private readonly programs: Area;
  private readonly areas: Area[] = [];
  private readonly maps: Area[] = [];
  /** By index: what was made for the last map with that index. */
  private readonly mapObjects: { readonly spec: MapSpec; readonly bytes: Uint8Array }[] = [];
  private readonly otherValues: Area[] = [];
  private readonly privateStacks: Area[] = [];
  /** The bytes of its pages. */
  private readonly stack: readonly Uint8Array[];
  /** What is on the stack above the program. */
  private readonly above: Buffer;

  constructor(
    readonly machine: Machine,
    private readonly offsets: ObjectOffsets,
    callBase: Va,
  ) {
    this.traps = helperTraps(callBase, {
      helperState: () => this.helperState,
      program: () => this.program!,
      context: () => u64(pointer(this.layout!.context.base)),
      expected: () => this.expected,
    });
    this.memory = new MachineMemory(machine, () => this.ranges);
    this.kernel = new MachineMemory(machine);
    this.left = new LeftRegions(machine, { layout: () => this.layout!, helperState: () => this.helperState });
    this.context = this.area("context");
    this.packet = this.area("packet");
    this.programs = this.area("programs");
    this.area("task").place(TASK, NOTHING);
    const { base, bytes } = pagesOf(STACK, machine.pageBytes);
    machine.map(base, bytes, "rw");
    this.stack = Array.from({ length: bytes / machine.pageBytes }, (_, i) => {
      return machine.mapping(base + i * machine.pageBytes)!.frame.bytes;
    });
    const top = machine.mapping(ENTRY_SP)!.frame.bytes;
    this.above = Buffer.from(top.buffer, top.byteOffset + (ENTRY_SP % machine.pageBytes), CALLERS_PART.length);
  }

  private area(name: string): Area {
    const area = new Area(name, this.machine);
    this.areas.push(area);
    return area;
  }

  /**
   * Before a run.
   *
   * @param code the same object for all runs of what was loaded once
   * @param expected what a run asks for, says the interpreter: of it only which arguments are defined is used
   */
  set(program: Program, layout: Layout, input: Uint8Array, code: CodePlaces, expected?: RegionBytes): void {
    if (program !== this.program || code !== this.code) this.open(program, code);
    this.layout = layout;
    this.expected = expected;
    this.madeHelperState = undefined;
    this.madeRanges = undefined;
    for (const [i, range] of this.privateRanges.entries()) {
      this.privateStacks[i]!.place(range, UNWRITTEN_FRAME.subarray(0, range.bytes), range.isGuest);
    }
    this.setStack(layout.frames[0]!);
    if (this.hasFields) {
      this.context.place(layout.context, contextBytes(program, layout, input));
      this.packet.place(layout.packet, packetBytes(layout, input));
    } else this.context.place(layout.context, input);
    this.programs.place(this.programsAt, this.programObjects);
    for (let i = 0; i < program.maps.length; i++) this.setMap(i, program.maps[i]!, layout, code);
    // What a map holds at first is seen without a helper.
    if (this.isFilled) this.makeHelperState();
  }

  /** Other runs come: what they have in common. */
  private open(program: Program, code: CodePlaces): void {
    const { maps } = program;
    this.program = program;
    this.code = code;
    this.left.open(program);
    this.hasFields = hasFields(program.context);
    if (!this.hasFields) this.packet.place(NOWHERE, NOTHING);
    const hasPrograms = maps.some(({ kind }) => kind === "progArray");
    this.programObjects = hasPrograms ? this.programsOf(code) : NOTHING;
    this.programsAt = hasPrograms ? { base: PROG_OBJECTS, bytes: this.programObjects.length } : NOWHERE;
    this.isFilled = maps.some((spec) => isDataMap(spec) && spec.contents !== undefined);
    for (let i = maps.length; i < this.maps.length; i++) this.dropMap(i);
    this.openPrivateStacks(program.privateStack === true ? code.privateStacks() : NONE);
  }

  private get ranges(): readonly Range[] {
    this.madeRanges ??= this.rangesOf(this.program!, this.layout!);
    return this.madeRanges;
  }

  private rangesOf({ maps }: Program, layout: Layout): readonly Range[] {
    const values = mapList(maps, (_, i) => layout.maps[i]!.values);
    return [STACK, ...this.privateRanges, this.hasFields ? layout.packet : layout.context, ...values];
  }

  private get helperState(): HelperState {
    return this.madeHelperState ?? this.makeHelperState();
  }

  private makeHelperState(): HelperState {
    const { memory, kernel, layout } = this;
    const program = this.program!;
    const maps = new MapStates(program.maps, layout!, memory);
    this.madeHelperState = initialHelperState({ memory, kernel, maps, program, layout: layout! });
    return this.madeHelperState;
  }

  /**
   * What a run that returned `x0` has left, after the code whose frame that is.
   *
   * @param like is what it comes to if there is no difference: then nothing is read out
   */
  returned(frame: Range, code: number, x0: bigint, like?: Outcome): Outcome {
    const detail = this.trespass();
    if (detail !== undefined) return { kind: "faulted", pc: undefined, why: "machine", detail };
    const r0 = u64(x0);
    if (like?.kind === "returned" && like.r0 === r0 && like.code === code && this.left.are(like.regions, frame))
      return like;
    return { kind: "returned", r0, code, regions: this.left.read(frame) };
  }

  /** The first write outside everything that the program was given, in words; undefined if there was none. */
  private trespass(): string | undefined {
    for (const area of this.areas) {
      const at = area.trespass();
      if (at !== undefined) return `a byte beside the region ${area.name} was written, at 0x${at.toString(16)}`;
    }
    return this.isUnwrittenAbove() ? undefined : "the caller's part of the stack was written";
  }

  private isUnwrittenAbove(): boolean {
    return this.above.equals(CALLERS_PART);
  }

  /** The main frame reads as zero; below and above it lies what no program may rely on. */
  private setStack(frame: Range): void {
    for (const page of this.stack) page.fill(UNWRITTEN, 0, STACK.bytes);
    this.machine.poke(frame.base, ZEROES.subarray(0, frame.bytes));
  }

  private openPrivateStacks(ranges: readonly PrivateStack[]): void {
    const { privateStacks, privateRanges } = this;
    this.privateRanges = ranges;
    if (ranges.length === 0 && privateRanges.length === 0) return;
    // What one area leaves another may take.
    for (const [i, area] of privateStacks.entries()) area.leave(ranges[i] ?? NOWHERE);
    for (let i = privateStacks.length; i < ranges.length; i++) privateStacks.push(this.area("private stack"));
  }

  /** What compiled code reads of the programs in a prog array. */
  private programsOf({ entries }: CodePlaces): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(entries.length * PROG_BYTES);
    const view = new DataView(bytes.buffer);
    entries.forEach((entry, i) => {
      view.setBigUint64(i * PROG_BYTES + this.offsets.progFunc, pointer(entry), true);
    });
    return bytes;
  }

  /** A map object is a header, and for arrays and prog arrays its elements right behind it. */
  private setMap(index: number, spec: MapSpec, layout: Layout, places: CodePlaces): void {
    const { object, values } = layout.maps[index]!;
    this.maps[index] ??= this.area(`map ${index}`);
    this.otherValues[index] ??= this.area(`map ${index}`);
    const isApart = spec.kind !== "array";
    const header = this.mapObject(index, spec, object.bytes);
    this.maps[index].place({ base: object.base, bytes: object.bytes + (isApart ? 0 : values.bytes) }, header);
    const held =
      spec.kind === "insnArray"
        ? insnArrayBytes(spec, (code, slot) => pointer(places.instructionAt(code, slot)))
        : NOTHING;
    this.otherValues[index].place(isApart ? values : NOWHERE, held);
  }

  /** The same for all runs of a program. */
  private mapObject(index: number, spec: MapSpec, size: number): Uint8Array {
    const known = this.mapObjects[index];
    if (known?.spec === spec && known.bytes.length === size) return known.bytes;
    const { arrayPtrs, arrayMaxEntries } = this.offsets;
    const bytes = shortBytes(size);
    const view = new DataView(bytes.buffer, bytes.byteOffset, size);
    view.setUint32(arrayMaxEntries, spec.entries, true);
    if (spec.kind === "progArray") {
      spec.programs.forEach((target, slot) => {
        if (target === undefined) return;
        view.setBigUint64(arrayPtrs + 8 * slot, pointer(PROG_OBJECTS + target * PROG_BYTES), true);
      });
    }
    this.mapObjects[index] = { spec, bytes };
    return bytes;
  }

  private dropMap(index: number): void {
    this.maps[index]?.place(NOWHERE, NOTHING);
    this.otherValues[index]?.place(NOWHERE, NOTHING);
  }
}
