// One linear memory with the interpreter in it: registers and state as JavaScript sees them, the frames that a machine
// was given, and the way from a machine's page table to them.

import type { Va } from "../../machine/address.js";
import type { Frame, Machine } from "../../machine/machine.js";
import { encodedSystemRegister, SYSTEM_REGISTER_NAMES, SYSTEM_REGISTERS } from "../../spec/a64/system-registers.js";
import { failsSpuriously, SPURIOUS_PERIOD } from "../spurious.js";
import { CodePages, type FetchPage } from "./code-pages.js";
import * as at from "./layout.js";
import { type Interpreter, instantiate, newMemory } from "./module.js";
import { Shadows } from "./shadow.js";

/** For copies of frames that lie elsewhere. */
const SHADOW_BYTES = 16 << 20;
/** For records by address: those of a thousand pages of 4 KiB. */
const RECORD_AREA_BYTES = 32 << 20;
const NEVER = -1;
const SYSTEM_AT = at.REGS / 8 + at.SYSTEM;
const STATE_FROM = at.REGS / 4;
const STATE_TO = at.FETCH_TLB / 4;

export class Host {
  readonly interpreter: Interpreter;
  /** Index: 0..30, 31 reads zero, 32 is SP. */
  readonly x: BigUint64Array;
  /** X0..X30. */
  readonly general: BigUint64Array;
  /** All of the memory below the frames, by 32 and by 64 bits. */
  readonly words: Uint32Array;
  readonly wide: BigUint64Array;
  readonly floats: Float64Array;
  /** All of the memory. */
  readonly view: DataView;
  /** What a machine's frames may be cut from. */
  readonly physical: Uint8Array<ArrayBuffer>;
  /** The system registers, in the order of their table. */
  readonly system: BigUint64Array;
  readonly shadows: Shadows;
  readonly codePages: CodePages;
  /** By address: pages that may be fetched from by address and whose records are as memory is. */
  readonly openPages = new Map<Va, FetchPage>();
  /** Whose pages the interpreter may fetch from by address. */
  private pagesOf: object | undefined;
  private stopsBefore = { stores: false, notes: false, code: false };
  private spuriousSeed: number | undefined;
  private readonly buffer: ArrayBuffer;
  private machine: Machine | undefined;
  private generation = NEVER;
  private textGeneration = NEVER;
  /** Runs that have begun and not ended, and that have ever begun. */
  private depth = 0;
  private begun = 0;

  constructor(physicalBytes: number) {
    const memory = newMemory(at.FRAMES + SHADOW_BYTES + RECORD_AREA_BYTES + physicalBytes);
    this.buffer = memory.buffer;
    this.x = new BigUint64Array(this.buffer, at.REGS, at.STACK_POINTER + 1);
    this.general = this.x.subarray(0, 31);
    this.words = new Uint32Array(this.buffer, 0, at.FRAMES / 4);
    this.wide = new BigUint64Array(this.buffer, 0, at.FRAMES / 8);
    this.system = this.wide.subarray(SYSTEM_AT, SYSTEM_AT + SYSTEM_REGISTER_NAMES.length);
    this.view = new DataView(this.buffer);
    this.floats = new Float64Array(this.buffer, 0, at.FRAMES / 8);
    this.shadows = new Shadows(new Uint8Array(this.buffer, at.FRAMES, SHADOW_BYTES));
    const recordArea = new Uint8Array(this.buffer, at.FRAMES + SHADOW_BYTES, RECORD_AREA_BYTES);
    this.physical = new Uint8Array(this.buffer, at.FRAMES + SHADOW_BYTES + RECORD_AREA_BYTES, physicalBytes);
    this.interpreter = instantiate(memory, (page) => this.translate(page));
    this.codePages = new CodePages(this.interpreter, recordArea, () => this.forgetPages());
    SYSTEM_REGISTER_NAMES.forEach((name, i) => {
      const { encoding, mask } = SYSTEM_REGISTERS[name];
      const place = at.SYSTEM + i;
      const places = new Uint8Array(this.buffer, at.SYSTEM_PLACES);
      places[encodedSystemRegister(encoding)] = place | (mask === 0n ? 0 : 128);
      this.wide[at.SYSTEM_MASKS / 8 + place] = mask;
    });
  }

  /** Make one run. A run within a trap of another leaves the registers of the outer one as they were. */
  alone<T>(run: () => T): T {
    const outer = this.depth > 0 ? this.words.slice(STATE_FROM, STATE_TO) : undefined;
    this.depth++;
    this.begun++;
    this.words[at.PENDING / 4] = 0;
    try {
      return run();
    } finally {
      this.depth--;
      this.release();
      if (outer !== undefined) this.words.set(outer, STATE_FROM);
    }
  }

  /** Changes whenever another run may have left its own stack and translations in the interpreter. */
  get epoch(): number {
    return this.begun;
  }

  /** Runs are on this machine from now on. */
  turnTo(machine: Machine): void {
    if (machine !== this.machine) {
      this.machine = machine;
      this.generation = NEVER;
      this.textGeneration = NEVER;
    }
    if (machine.textGeneration !== this.textGeneration) {
      this.textGeneration = machine.textGeneration;
      this.forgetPages();
    }
    const since = this.generation;
    if (machine.mapGeneration === since) return;
    this.generation = machine.mapGeneration;
    if (machine.eachMapChange(since, this.forget)) return;
    this.interpreter.forgetTranslations();
    this.forgetPages();
  }

  /** Nothing has changed on the machine since `turnTo`. */
  knows(machine: Machine): boolean {
    return (
      machine === this.machine &&
      machine.mapGeneration === this.generation &&
      machine.textGeneration === this.textGeneration
    );
  }

  /** Pages may be fetched from by address that were opened for the same owner, on the same machine. */
  fetchFor(owner: object): void {
    if (this.pagesOf === owner) return;
    this.pagesOf = owner;
    this.forgetPages();
  }

  private forgetPages(): void {
    if (this.openPages.size === 0) return;
    this.openPages.clear();
    this.interpreter.forgetPages();
  }

  /** Have the interpreter stop before every store, before all that the machine must be told of, before stores to code. */
  stopBefore(stores: boolean, notes: boolean, code: boolean): void {
    const { stopsBefore } = this;
    if (stores === stopsBefore.stores && notes === stopsBefore.notes && code === stopsBefore.code) return;
    if (stores && !stopsBefore.stores) this.interpreter.forgetTranslations();
    this.stopsBefore = { stores, notes, code };
    this.interpreter.stopBefore(stores, notes, code);
  }

  /** Others may look at the frames, and write to them, after this. */
  release(): void {
    if (this.shadows.isEmpty) return;
    this.shadows.copyBack();
    this.shadows.clear();
    this.generation = NEVER;
  }

  /** Where in linear memory the frame lies, or a copy of it. */
  place(frame: Frame, mayBeWritten: boolean): number {
    const { bytes } = frame;
    return bytes.buffer === this.buffer ? bytes.byteOffset : this.shadows.place(frame, mayBeWritten);
  }

  /** A register that holds a kernel address, as its low 48 bits; undefined for another. */
  address(register: number): Va | undefined {
    const index = at.REGS / 4 + 2 * register;
    const high = this.words[index + 1]!;
    return high >= 0xffff_0000 ? (high - 0xffff_0000) * 2 ** 32 + this.words[index]! : undefined;
  }

  /** The low 48 bits of an address that lies at `place`. */
  lowAddress(place: number): Va {
    return (this.words[place / 4 + 1]! % 2 ** 16) * 2 ** 32 + this.words[place / 4]!;
  }

  setAddress(register: number, va: Va): void {
    const index = at.REGS / 4 + 2 * register;
    this.words[index] = va % 2 ** 32;
    this.words[index + 1] = 0xffff_0000 + Math.floor(va / 2 ** 32);
  }

  /** @param spuriousFailures seed, see `EngineRun` */
  setRules(spuriousFailures: number | undefined, bti: boolean): void {
    this.words[at.GUARDED / 4] = bti ? 1 : 0;
    this.words[at.SPURIOUS / 4] = spuriousFailures === undefined ? 0 : 1;
    this.words[at.SPURIOUS_COUNT / 4] = 0;
    if (spuriousFailures === undefined || spuriousFailures === this.spuriousSeed) return;
    this.spuriousSeed = spuriousFailures;
    const failures = new Uint8Array(this.buffer, at.SPURIOUS_FAILURES, SPURIOUS_PERIOD);
    for (let i = 0; i < SPURIOUS_PERIOD; i++) failures[i] = failsSpuriously(spuriousFailures, i) ? 1 : 0;
  }

  private readonly forget = (va: Va, bytes: number): void => {
    this.interpreter.forgetRange(va, bytes);
    const { openPages } = this;
    const { pageBytes } = this.machine!;
    if (bytes > openPages.size * pageBytes) {
      for (const page of openPages.keys()) if (page >= va && page < va + bytes) openPages.delete(page);
    } else for (let page = va; page < va + bytes; page += pageBytes) openPages.delete(page);
  };

  /** @param granule address of 4 KiB, of which a page may have several */
  private translate(granule: Va): number {
    const { pageBytes } = this.machine!;
    const mapping = this.machine!.mapping(granule);
    if (mapping === undefined) return 0;
    const isWritable = mapping.permission === "rw";
    const { isCode, lines } = mapping.frame;
    const told = lines !== undefined ? at.TRACKED : isCode ? at.TRACKED | at.CODE : 0;
    const flags = told | (isWritable ? at.WRITABLE : 0);
    return (this.place(mapping.frame, isWritable) + (granule % pageBytes)) | flags;
  }
}

const HOSTS = new WeakMap<object, Host>();
let forOthers: Host | undefined;

/** A host of its own for a machine that will be made with its `physical` memory. */
export function hostWithMemory(bytes: number): Host {
  const host = new Host(bytes);
  HOSTS.set(host.physical.buffer, host);
  return host;
}

/** The host whose memory holds the frame; for frames of no host, the one that copies. */
export function hostOf(frame: Frame | undefined): Host {
  const own = frame === undefined ? undefined : HOSTS.get(frame.bytes.buffer);
  if (own !== undefined) return own;
  forOthers ??= new Host(0);
  return forOthers;
}
