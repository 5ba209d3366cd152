// One A64 word on one engine: load all registers and the flags from memory by plain loads, run the word, and see what it
// did from the trace of the instruction that comes next. Nothing here is particular to an engine.

import { Buffer } from "node:buffer";
import type { Engine, EngineOutcome } from "../../engines/engine.js";
import { Machine } from "../../machine/machine.js";
import { execute } from "../../subjects/run/execute.js";
import { CODE, DATA, type InitialState, PAGE, REGISTERS, STACK, STACK_TOP, WORD_AT } from "./initial-state.js";

const BRK = 0xd420_0000;
const LDXR = 0x085f_7c1f;
const LDXP = 0x887f_001f;
/** Bits of an exclusive: its size, and whether it is of a pair. */
const WORD_SIZE = 0xc000_0000;
const IS_PAIR = 0x20_0000;
const X0 = 0;
/** Slots of the register block: x0..x30, SP, the two operands of the flags. */
const SP_SLOT = 31;
const FLAG_SLOT = 32;
const SLOTS = 34;
const SYSTEM = { spEl0: 0x1111_2222_3333_4444n, tpidrEl1: 0x5555_6666_7777_8888n, tpidrEl2: 0x9999_aaaa_bbbb_ccccn };

export interface Effect {
  readonly outcome: EngineOutcome;
  /** An access was refused, and the run went on behind the word as an exception table would have it. */
  readonly isFixedUp: boolean;
  /** X0..X30, zero, SP, and NZCV before the instruction that came next; undefined if none did. */
  readonly registers: BigUint64Array | undefined;
  /** Stack, then data pages. */
  readonly memory: Uint8Array;
}

export class SingleStep {
  private readonly machine: Machine;
  private readonly block = new BigUint64Array(SLOTS);

  /** @param blank what the data pages hold before each step, by offset. */
  constructor(
    private readonly engine: Engine,
    private readonly blank: Uint8Array,
  ) {
    this.machine = new Machine({ physical: engine.physical?.(64 * PAGE) });
    this.machine.map(CODE, PAGE, "rox");
    this.machine.map(STACK, PAGE, "rw");
    this.machine.map(DATA, 2 * PAGE, "rw");
    this.machine.map(DATA + 2 * PAGE, PAGE, "ro");
    this.machine.map(REGISTERS, PAGE, "ro");
  }

  step(state: InitialState): Effect {
    const { machine } = this;
    const words = new Uint32Array(PAGE / 4).fill(BRK);
    const prelude = loadEverything(state);
    words.set(prelude, (WORD_AT - CODE) / 4 - prelude.length);
    words[(WORD_AT - CODE) / 4] = state.word;
    // Only for those who load it from there: a branch to the start of the code finds the same there as everywhere.
    if (state.reserve) {
      const second = state.x[secondOf(state.word)]!;
      words.set([Number(second & 0xffff_ffffn), Number(second >> 32n)], 0);
    }
    machine.poke(CODE, new Uint8Array(words.buffer));
    this.block.set([...state.x, state.sp, ...state.flagOperands]);
    machine.poke(REGISTERS, new Uint8Array(this.block.buffer));
    machine.poke(DATA, this.blank.subarray(0, 3 * PAGE));
    machine.poke(STACK, this.blank.subarray(0, PAGE));
    let registers: BigUint64Array | undefined;
    let isPast = false;
    let isFixedUp = false;
    const outcome = execute(this.engine, {
      machine,
      entry: WORD_AT - 4 * prelude.length,
      args: [0xffff_0000_0000_0000n + BigInt(REGISTERS)],
      stackTop: STACK_TOP,
      stackLow: STACK,
      fuel: prelude.length + 2,
      system: SYSTEM,
      fixup: () => {
        isFixedUp = true;
        return { resume: WORD_AT + 4, clear: undefined };
      },
      trace: ({ pc, x, sp, nzcv }) => {
        if (isPast) registers = BigUint64Array.of(...x.subarray(0, SP_SLOT), x[SP_SLOT] ?? 0n, sp, BigInt(nzcv));
        if (pc === WORD_AT) isPast = true;
      },
    });
    const memory = Buffer.concat([machine.peek(STACK, PAGE), machine.peek(DATA, 3 * PAGE)]);
    return { outcome, isFixedUp, registers, memory };
  }
}

/** Code that ends right before the word, with every register as the initial state has it. X0 points to the block at first. */
function loadEverything({ flagWord, reserve, word }: InitialState): number[] {
  const words = [ldr(1, FLAG_SLOT), ldr(2, FLAG_SLOT + 1), flagWord, ldr(1, SP_SLOT), 0x9100_003f];
  for (let reg = 1; reg <= 30; reg++) words.push(ldr(reg, reg));
  words.push(ldr(X0, X0));
  if (reserve) words.push(...loadExclusive(word));
  return words;
}

/** What a load-exclusive of a pair puts its second half into. */
const secondOf = (word: number): number => ((word & 0x3e0) === 0 ? 1 : 0);
/** ldr x<reg>, from the start of the code, where its value lies; as the last word before the one that is tried. */
const reload = (reg: number): number => (0x5800_0000 | ((((CODE - (WORD_AT - 4)) / 4) & 0x7_ffff) << 5) | reg) >>> 0;

/** Of the word's own base and size, to (W)ZR, and with registers as they were. */
function loadExclusive(word: number): readonly number[] {
  const base = word & 0x3e0;
  if ((word & IS_PAIR) === 0) return [(LDXR | (word & WORD_SIZE) | base) >>> 0];
  const second = secondOf(word);
  return [(LDXP | (word & WORD_SIZE) | base | (second << 10)) >>> 0, reload(second)];
}

/** ldr x<reg>, [x0, #8 * slot] */
const ldr = (reg: number, slot: number): number => (0xf940_0000 | (slot << 10) | reg) >>> 0;
