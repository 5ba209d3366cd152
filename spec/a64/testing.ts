// Notation for the tests of instructions: "91000420 add x0, x1, #1" is a word and the text that it must have; registers
// go by name; flags are four letters, upper case when set; memory is 32 bytes at DATA in hexadecimal.

import { decode } from "./decode.js";
import { execute } from "./execute.js";
import { SP } from "./registers.js";
import { type Memory, State, type Stop } from "./state.js";
import { text } from "./text.js";

/** Where the memory of a step lies. */
export const DATA = 0xffff_0000_0000_1000n;
/** Where the instruction of a step lies. */
const CODE = 0x8000;
const BYTES = 32;

/** Registers by name (`x0`, `sp`), given as any integer; also `flags` (default all clear) and `memory` (default zeros). */
export type GivenState = { readonly [register: `x${number}`]: bigint } & {
  readonly sp?: bigint;
  readonly flags?: string;
  readonly memory?: string;
};

class TestMemory implements Memory {
  readonly bytes = new Uint8Array(BYTES);
  /** Maintenance and barriers, in their order. */
  readonly heard: string[] = [];
  private readonly view = new DataView(this.bytes.buffer);

  load(address: bigint, bytes: number): bigint | Stop {
    if (!inside(address, bytes)) return { why: "badRead", address, detail: "outside" };
    const at = Number(address - DATA);
    let value = 0n;
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.bytes[at + i]!);
    return value;
  }

  store(address: bigint, bytes: number, value: bigint): Stop | undefined {
    if (!inside(address, bytes)) return { why: "badWrite", address, detail: "outside" };
    const at = Number(address - DATA);
    for (let i = 0; i < bytes; i++) this.view.setUint8(at + i, Number((value >> BigInt(8 * i)) & 0xffn));
    return undefined;
  }

  maintain(effect: string, operand: bigint): undefined {
    this.heard.push(`${effect} 0x${operand.toString(16)}`);
  }

  complete(): void {
    this.heard.push("complete");
  }

  synchronize(): void {
    this.heard.push("synchronize");
  }
}

const inside = (address: bigint, bytes: number): boolean =>
  address >= DATA && address + BigInt(bytes) <= DATA + BigInt(BYTES);

const indexOf = (register: string): number => (register === "sp" ? SP : Number(register.slice(1)));
const flagBits = (flags: string): number =>
  [...flags].reduce((bits, f) => bits * 2 + (f === f.toUpperCase() ? 1 : 0), 0);
const flagText = (nzcv: number): string =>
  [..."nzcv"].map((f, i) => ((nzcv >> (3 - i)) & 1 ? f.toUpperCase() : f)).join("");
const isRegister = (name: string): boolean => name !== "flags" && name !== "memory";

/** A state at CODE that holds what the given says. */
export function stateOf(given: GivenState): { state: State; memory: TestMemory } {
  const state = new State();
  const memory = new TestMemory();
  state.pc = CODE;
  for (const [name, value] of Object.entries(given)) {
    if (isRegister(name)) state.x[indexOf(name)] = value as bigint;
  }
  state.nzcv = flagBits(given.flags ?? "nzcv");
  memory.bytes.set(Buffer.from(given.memory ?? "", "hex"));
  return { state, memory };
}

/** Execute one line; its text must be what the line says. */
export function perform(line: string, state: State, memory: Memory): Stop | undefined {
  const word = Number.parseInt(line.slice(0, 8), 16);
  const insn = decode(word);
  if (insn === undefined) throw new Error(`${line}: not known`);
  const actual = text(insn, state.pc);
  if (actual !== line.slice(9)) throw new Error(`${line}: decoded as ${actual}`);
  return execute(insn, state, memory);
}

interface Effect {
  /** Whatever changed, in the words of a `GivenState`, and `pc` unless it is the next instruction's. */
  readonly changed: Readonly<Record<string, bigint | string>>;
  readonly stop: Stop["why"] | undefined;
}

/** Execute one line from a given and tell what changed. */
export function step(line: string, before: GivenState = {}): Effect {
  const { state, memory } = stateOf(before);
  const start = stateOf(before);
  const stop = perform(line, state, memory);
  const changed: Record<string, bigint | string> = {};
  for (let i = 0; i < state.x.length; i++) {
    if (state.x[i] !== start.state.x[i]) changed[i === SP ? "sp" : `x${i}`] = state.x[i]!;
  }
  if (state.nzcv !== start.state.nzcv) changed.flags = flagText(state.nzcv);
  const after = Buffer.from(memory.bytes)
    .toString("hex")
    .replace(/(00)+$/, "");
  if (after !== (before.memory ?? "")) changed.memory = after;
  if (state.pc !== (stop === undefined ? CODE + 4 : CODE)) changed.pc = `0x${state.pc.toString(16)}`;
  return { changed, stop: stop?.why };
}
