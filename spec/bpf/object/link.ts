// One function of an object as a program that can be run: its subprograms behind it, what they call and point to put in,
// and the programs that it may tail call into as further codes. What a loader would have to ask a kernel for (its own
// variables, functions and types) is refused by name, with the line of the source where the object says it.

import { lineOf } from "../../btf/ext.js";
import { SYMBOL_TYPE } from "../../elf/symbols.js";
import { Malformed, type Parsed, parsed } from "../../malformed.js";
import { decode, type Insn, SLOT_BYTES } from "../insn.js";
import { MAP_TYPES } from "../map-types.js";
import type { ContextKind, Program } from "../program.js";
import { CodeRelocations, OPCODE, RELOCATION, RELOCATION_NAMES, type Relocated } from "./code-relocations.js";
import { kernelFunction, originOf } from "./externs.js";
import type { ObjectFunction } from "./functions.js";
import { JUMP_TABLES, JumpTables, type Place } from "./jump-tables.js";
import { specOf } from "./map-spec.js";
import { checkAddress, isData } from "./maps.js";
import type { BpfObject } from "./object.js";
import type { ObjectMap } from "./object-map.js";

interface Linked {
  readonly program: Program;
  /** Where the instruction is, in words: function, and line of the source or slot. */
  where(code: number, pc: number): string;
}

/**
 * The program that begins with that function, or why a loader without a kernel cannot make it.
 * @param unknownCalls whether functions of the kernel may be called, of which nothing is known
 */
export const linkProgram = (
  object: BpfObject,
  entry: ObjectFunction,
  context: ContextKind,
  unknownCalls = false,
): Parsed<Linked> => parsed(() => new Linker(object, unknownCalls).link(entry, context));

const PSEUDO = { map: 1, value: 2, call: 1, kernelCall: 2, function: 4 } as const;
/** Of all codes together. */
const MOST_SLOTS = 1_000_000;
const CORRECT = "correct the program";
const SMALLER = "make it smaller";
const ELSEWHERE = "name another function, or load the object where that kernel runs";

class Linker {
  /** Entries of codes: the first one, then targets of tail calls. */
  private readonly codes: ObjectFunction[] = [];
  private readonly maps: ObjectMap[] = [];
  private readonly relocations: CodeRelocations;
  private readonly tables = new JumpTables();
  /** Index of the code that is linked. */
  private current = 0;
  private slots = 0;

  constructor(
    private readonly object: BpfObject,
    private readonly unknownCalls: boolean,
  ) {
    this.relocations = new CodeRelocations(object.elf);
  }

  link(entry: ObjectFunction, context: ContextKind): Linked {
    this.codes.push(entry);
    const places: (readonly Place[])[] = [];
    const code: (readonly Insn[])[] = [];
    // Maps name further programs, which use further maps.
    for (let i = 0; i < this.codes.length; i++) {
      this.current = i;
      const linked = this.linkCode(this.codes[i]!);
      places.push(linked.places);
      code.push(linked.insns);
      for (const map of this.maps) {
        this.targetsOf(map);
        this.innerOf(map);
      }
    }
    const where = (index: number, pc: number): string => {
      const place = places[index]?.[pc];
      return place === undefined ? `slot ${pc}` : this.where(place.fn, place.slot);
    };
    return {
      program: {
        code,
        maps: this.maps.map((map) => {
          const insns = this.tables.targetsOf(map, places);
          return specOf(map, { programs: this.targetsOf(map), maps: this.innerOf(map), insns });
        }),
        context,
      },
      where,
    };
  }

  /** The function and all that it calls, one behind the other. */
  private linkCode(entry: ObjectFunction): { readonly insns: readonly Insn[]; readonly places: readonly Place[] } {
    const functions = [entry];
    const starts: number[] = [];
    const places: Place[] = [];
    const calls: { readonly pc: number; readonly callee: ObjectFunction }[] = [];
    const parts: Uint8Array[] = [];
    for (const fn of functions) {
      starts.push(places.length);
      this.slots += fn.end - fn.start;
      if (this.slots > MOST_SLOTS) throw new Malformed(`at most ${MOST_SLOTS} instructions`, "more", SMALLER);
      this.refuseCore(fn);
      const bytes = fn.section.bytes.slice(fn.start * SLOT_BYTES, fn.end * SLOT_BYTES);
      const base = places.length;
      this.linkFunction(fn, bytes, (slot, callee) => {
        if (!functions.includes(callee)) functions.push(callee);
        calls.push({ pc: base + slot - fn.start, callee });
      });
      for (let slot = fn.start; slot < fn.end; slot++) places.push({ fn, slot });
      parts.push(bytes);
    }
    const whole = new Uint8Array(Buffer.concat(parts));
    const view = new DataView(whole.buffer);
    for (const { pc, callee } of calls) {
      view.setInt32(pc * SLOT_BYTES + 4, starts[functions.indexOf(callee)]! - pc - 1, true);
    }
    const decoded = decode(whole);
    if (decoded.ok) return { insns: decoded.value, places };
    const { kind, pc, message } = decoded.error;
    const place = places[Math.min(pc, places.length - 1)]!;
    const next = kind === "refused" ? "name another function" : undefined;
    throw new Malformed("BPF instructions", `${message}, in ${this.where(place.fn, place.slot)}`, next);
  }

  private linkFunction(
    fn: ObjectFunction,
    bytes: Uint8Array,
    call: (slot: number, callee: ObjectFunction) => void,
  ): void {
    const view = new DataView(bytes.buffer);
    const relocations = this.relocations.of(fn.section);
    for (let slot = fn.start; slot < fn.end; slot++) {
      const at = (slot - fn.start) * SLOT_BYTES;
      const relocated = relocations.get(slot * SLOT_BYTES);
      const imm = view.getInt32(at + 4, true);
      const [opcode, registers] = [bytes[at]!, bytes[at + 1]!];
      const isLocal = opcode === OPCODE.call && registers >> 4 === PSEUDO.call;
      if (relocated?.type === RELOCATION.call || (relocated === undefined && isLocal)) {
        if (opcode !== OPCODE.call)
          throw new Malformed("a call to be relocated", `another instruction in ${this.where(fn, slot)}`);
        const callee = this.callee(fn, slot, imm, relocated);
        bytes[at + 1] = (typeof callee === "number" ? PSEUDO.kernelCall : PSEUDO.call) << 4;
        if (typeof callee === "number") view.setInt32(at + 4, callee, true);
        else call(slot, callee);
      } else if (relocated?.type === RELOCATION.address) {
        if (opcode !== OPCODE.lddw || slot + 1 >= fn.end) {
          throw new Malformed("a 64-bit immediate to be relocated", `another instruction in ${this.where(fn, slot)}`);
        }
        this.address(fn, slot, imm, relocated, { bytes, view, at, call });
        slot++;
      } else if (relocated !== undefined) {
        const name = RELOCATION_NAMES.get(relocated.type) ?? `one of type ${relocated.type}`;
        throw new Malformed("relocations R_BPF_64_64 and R_BPF_64_32 in code", `${name} in ${this.where(fn, slot)}`);
      }
    }
  }

  /** @returns the number of a function of the kernel */
  private callee(
    fn: ObjectFunction,
    slot: number,
    imm: number,
    relocated: Relocated | undefined,
  ): ObjectFunction | number {
    if (relocated === undefined) return this.functionAt(fn.section.index, slot + imm + 1, fn, slot);
    const symbol = this.symbol(relocated);
    const number = symbol.section === 0 ? kernelFunction(symbol.name, this.unknownCalls) : undefined;
    if (number !== undefined) return number;
    if (symbol.section === 0)
      this.refuseExtern(symbol.name, fn, slot, "with --unknown-calls it is one of which nothing is known");
    return this.functionAt(symbol.section, Number(symbol.value) / SLOT_BYTES + imm + 1, fn, slot);
  }

  private address(
    fn: ObjectFunction,
    slot: number,
    imm: number,
    relocated: Relocated,
    {
      bytes,
      view,
      at,
      call,
    }: { bytes: Uint8Array; view: DataView; at: number; call: (slot: number, fn: ObjectFunction) => void },
  ): void {
    const symbol = this.symbol(relocated);
    if (symbol.section === 0) this.refuseExtern(symbol.name, fn, slot);
    const section = this.object.elf.sections[symbol.section];
    const register = bytes[at + 1]! & 0xf;
    const offset = Number(symbol.value) + imm;
    const put = (pseudo: number, low: number, high: number): void => {
      bytes[at + 1] = (pseudo << 4) | register;
      view.setInt32(at + 4, low, true);
      view.setInt32(at + 12, high, true);
    };
    if (section !== undefined && isData(section)) {
      const map = this.object.maps.find((one) => one.section === section.index);
      if (map === undefined) throw new Malformed("a variable with bytes", `an empty section ${section.name}`);
      checkAddress(map, symbol, imm, () => this.where(fn, slot));
      put(PSEUDO.value, this.mapIndex(map), offset);
      return;
    }
    if (this.object.functions.some((one) => one.section.index === symbol.section)) {
      put(PSEUDO.function, 0, 0);
      call(slot, this.functionAt(symbol.section, offset / SLOT_BYTES, fn, slot));
      return;
    }
    // A map is what its symbol names: what the instruction adds does not count, as it does not for libbpf.
    const place = symbol.type === SYMBOL_TYPE.section ? offset : Number(symbol.value);
    const map = this.object.maps.find((one) => one.section === symbol.section && one.offset === place);
    if (map !== undefined && section?.name === JUMP_TABLES) {
      put(PSEUDO.value, this.mapIndex(this.tables.use(map, this.current, fn)), 0);
      return;
    }
    if (map === undefined) {
      const got = `${symbol.name || section?.name || "something else"} in ${this.where(fn, slot)}`;
      throw new Malformed("an address of a map, a variable or a function", got);
    }
    put(PSEUDO.map, this.mapIndex(map), 0);
  }

  private mapIndex(map: ObjectMap): number {
    const known = this.maps.indexOf(map);
    return known >= 0 ? known : this.maps.push(map) - 1;
  }

  private functionAt(section: number, slot: number, fn: ObjectFunction, from: number): ObjectFunction {
    const callee = this.object.functions.find((one) => one.section.index === section && one.start === slot);
    if (callee !== undefined) return callee;
    const name = this.object.elf.sections[section]?.name ?? "no section";
    throw new Malformed("a call of a function", `one of slot ${slot} of ${name} in ${this.where(fn, from)}`);
  }

  private symbol({ symbol }: Relocated) {
    const found = this.object.symbols[symbol];
    if (found !== undefined) return found;
    throw new Malformed(`a relocation with one of ${this.object.symbols.length} symbols`, `symbol ${symbol}`);
  }

  private targetsOf(map: ObjectMap): ReadonlyMap<number, number> {
    const targets = new Map<number, number>();
    if (MAP_TYPES[map.type]?.kind !== "progArray") return targets;
    const add = (slot: number, fn: ObjectFunction): void => {
      if (slot >= map.entries) return;
      if (!this.codes.includes(fn)) this.codes.push(fn);
      targets.set(slot, this.codes.indexOf(fn));
    };
    for (const [slot, symbol] of map.slots ?? []) {
      const { section, value, name } = this.symbol({ symbol, type: 0 });
      const fn = this.object.functions.find(
        (one) => one.section.index === section && one.start * SLOT_BYTES === Number(value),
      );
      if (fn === undefined) throw new Malformed(`programs in map ${map.name}`, name || "something else", CORRECT);
      add(slot, fn);
    }
    if (map.id === undefined) return targets;
    for (const fn of this.object.functions) {
      const [, id, slot] = /^(\d+)\/(\d+)$/.exec(fn.section.name) ?? [];
      if (fn.start === 0 && id !== undefined && Number(id) === map.id) add(Number(slot), fn);
    }
    return targets;
  }

  /** The maps that a map of maps holds from the start; those are the program's then. */
  private innerOf(map: ObjectMap): ReadonlyMap<number, number> {
    const inner = new Map<number, number>();
    if (MAP_TYPES[map.type]?.kind !== "mapOfMaps") return inner;
    for (const [slot, symbol] of map.slots ?? []) {
      const { section, value, name } = this.symbol({ symbol, type: 0 });
      const found = this.object.maps.find((one) => one.section === section && one.offset === Number(value));
      if (found === undefined) throw new Malformed(`maps in map ${map.name}`, name || "something else", CORRECT);
      if (slot < map.entries) inner.set(slot, this.mapIndex(found));
    }
    return inner;
  }

  private refuseExtern(name: string, fn: ObjectFunction, slot: number, next = ELSEWHERE): never {
    const got = `${name || "without a name"}${originOf(this.object.btf, name)} in ${this.where(fn, slot)}`;
    throw new Malformed("a program that needs nothing of a running kernel", `extern ${got}`, next);
  }

  private refuseCore({ section, start, end }: ObjectFunction): void {
    const found = this.object.ext?.relocations
      .get(section.name)
      ?.find(({ offset }) => offset >= start * SLOT_BYTES && offset < end * SLOT_BYTES);
    if (found === undefined) return;
    const fn = this.object.functions.find((one) => one.section === section && one.start === start)!;
    const got = `CO-RE relocation of ${found.what} in ${this.where(fn, found.offset / SLOT_BYTES)}`;
    throw new Malformed("a program that needs nothing of a running kernel", got, ELSEWHERE);
  }

  private where({ name, section, start }: ObjectFunction, slot: number): string {
    const line = lineOf(this.object.ext?.lines.get(section.name) ?? [], slot * SLOT_BYTES);
    return line === undefined ? `${name}, slot ${slot - start}` : `${name}, line ${line.line} of ${line.file}`;
  }
}
