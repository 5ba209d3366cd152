// What trampolines call that is no BPF: the kernel's functions around programs and around the original function, and the
// stand-in for the interpreter. Each notes the step that it is part of.

import { type Trap, TrapFault } from "../../engines/engine.js";
import { RETURN_ADDRESS } from "../../engines/procedure-call.js";
import { pointer, type Va, vaOf } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { hex64, u64 } from "../../spec/bits.js";
import type { AttachedProgram, Frames, Step } from "../../spec/trampoline/traced.js";
import { STACK } from "../run/layout.js";
import {
  type EnterExit,
  PROG_ENTRIES,
  type ProgEntry,
  type SubjectTrampolines,
  type TrampolineEnv,
} from "../subject.js";
import { OWN_MASK, OWN_SHIFT, TRACED, takeRecords } from "./journal.js";
import { FAR_TEXT, INTERPRETERS, NEAR_TEXT, ORIGINAL, PROG_OBJECTS, SEEN, STRIDE } from "./layout.js";

/** What the steps of the current call depend on. */
interface Answers {
  readonly programs: readonly AttachedProgram[];
  readonly original: bigint;
  readonly nregs: number;
  /** Of the words, those in registers. */
  readonly registers: number;
  readonly ipArg: boolean;
  /** Address behind the patch site. */
  readonly behindSite: Va;
  /** Done while the original function runs. */
  readonly duringOriginal: (() => void) | undefined;
}

/** Of the word below the arguments, how many they are; since Linux 7.0 with a bit for the exit. */
const COUNT = 0xffn;
const RETURN_SHIFT = 63n;

const PROG_ENTRY = (base: Va, index: number): EnterExit => ({
  enter: base + 2 * index * STRIDE,
  exit: base + (2 * index + 1) * STRIDE,
});

type Text = Pick<TrampolineEnv, "original" | "prog">;

function textAt(base: Va): Text {
  const prog = Object.fromEntries(PROG_ENTRIES.map((entry, i) => [entry, PROG_ENTRY(base, i + 1)]));
  return { original: PROG_ENTRY(base, 0), prog: prog as Record<ProgEntry, EnterExit> };
}
const NEAR = textAt(NEAR_TEXT);
const FAR = textAt(FAR_TEXT);

/** The addresses, `far` from the packs or near. */
export const textOf = (far: boolean): Text => (far ? FAR : NEAR);

/** By id: address of a program's object, and of the entry of its interpreter. */
export const progObject = (id: number): Va => PROG_OBJECTS + id * 4096;
export const interpreter = (id: number): Va => INTERPRETERS + id * STRIDE;

const texts = new WeakMap<Machine, KernelText>();

/** For the calls of a new setup. A map of traps is kept with its machine: engines remember what they have found out of it. */
export function kernelTextOn(machine: Machine, tramp: Pick<SubjectTrampolines, "env" | "insnsiOffset">): KernelText {
  const known = texts.get(machine);
  if (known?.has(tramp.env) === true) return known;
  const text = new KernelText(machine, tramp);
  texts.set(machine, text);
  return text;
}

export class KernelText {
  readonly traps: ReadonlyMap<Va, Trap>;
  steps: Step[] = [];
  answers!: Answers;
  private runCtx = 0n;
  private readonly insnsiOffset: number;

  constructor(
    private readonly machine: Machine,
    { env, insnsiOffset }: Pick<SubjectTrampolines, "env" | "insnsiOffset">,
  ) {
    this.insnsiOffset = insnsiOffset;
    const traps = new Map<Va, Trap>([[ORIGINAL, () => this.original()]]);
    for (const { original, prog } of [NEAR, FAR, env]) {
      traps.set(original.enter, ([record]) => this.note({ kind: "keep", record: record! }));
      traps.set(original.exit, ([record]) => this.note({ kind: "letGo", record: record! }));
      for (const entry of PROG_ENTRIES) {
        traps.set(prog[entry].enter, ([object, ctx], framePointer) => this.enter(entry, object!, ctx!, framePointer));
        traps.set(prog[entry].exit, ([object, start, ctx]) => this.exit(entry, object!, start!, ctx!));
      }
    }
    for (let id = 0; id < 16; id++) traps.set(interpreter(id), ([ctx, insns]) => this.interpret(id, ctx!, insns!));
    this.traps = traps;
  }

  /** Whether these functions are among its own. */
  has({ original, prog }: Text): boolean {
    const all = [original, ...PROG_ENTRIES.map((entry) => prog[entry])];
    return all.every(({ enter, exit }) => this.traps.has(enter) && this.traps.has(exit));
  }

  /** Turn what the compiled programs have written down into steps. */
  drain(): void {
    const { ipArg, nregs } = this.answers;
    for (const { id, words } of takeRecords(this.machine)) {
      if (id === TRACED) this.steps.push({ kind: "original", args: words });
      else this.ran(id, words.slice(ipArg ? 1 : 0), ipArg ? words[0] : undefined, nregs);
    }
  }

  private ran(program: number, [meta = -1n, ...rest]: readonly bigint[], ip: bigint | undefined, nregs: number): void {
    const { programs } = this.answers;
    const { session } = programs[program] ?? {};
    const hasSessions = programs.some((one) => one.session !== undefined);
    const retval = this.seesRetval(program) ? rest[nregs] : undefined;
    const finds = session?.leaves === undefined ? undefined : rest.at(-1);
    this.steps.push({
      kind: "run",
      program,
      ip,
      // Beside sessions the word says more, also to who is none.
      nregs: hasSessions ? meta & COUNT : meta,
      args: rest.slice(0, nregs),
      retval,
      ...(session && { session: { isReturn: meta >> RETURN_SHIFT === 1n, finds } }),
    });
  }

  private note(step: Step): bigint {
    this.drain();
    this.steps.push(step);
    return 0n;
  }

  private enter(entry: ProgEntry, object: bigint, ctx: bigint, framePointer: bigint): bigint {
    const { id, start } = this.programAt(object);
    this.runCtx = ctx;
    this.note({ kind: "enter", program: id, entry, cookie: this.load(ctx), frames: this.frames(framePointer) });
    return start;
  }

  private exit(entry: ProgEntry, object: bigint, start: bigint, ctx: bigint): bigint {
    if (ctx !== this.runCtx) throw new TrapFault(`exit with context ${hex64(ctx)}, entered with ${hex64(this.runCtx)}`);
    return this.note({ kind: "exit", program: this.programAt(object).id, entry, start });
  }

  private original(): bigint {
    const { nregs, registers, original, duringOriginal } = this.answers;
    this.note({
      kind: "original",
      args: Array.from({ length: nregs }, (_, k) =>
        u64(this.machine.peek64(SEEN.base + 8 * (k < registers ? k : 8 + k - registers))),
      ),
    });
    duringOriginal?.();
    return original;
  }

  /** What a compiled recorder would have done. */
  private interpret(id: number, ctx: bigint, insns: bigint): bigint {
    if (insns !== pointer(progObject(id) + this.insnsiOffset))
      throw new TrapFault(`program ${id} is interpreted from ${hex64(insns)}`);
    const { ipArg, nregs } = this.answers;
    const retval = this.seesRetval(id) ? 1 : 0;
    const words = Array.from({ length: 1 + nregs + retval }, (_, k) => this.load(ctx - 8n + BigInt(8 * k)));
    this.drain();
    const { leaves } = this.answers.programs[id]?.session ?? {};
    if (leaves !== undefined) words.push(this.ownWord(ctx, words[0]!, leaves));
    this.ran(id, words, ipArg ? this.load(ctx - 16n) : undefined, nregs);
    return this.answers.programs[id]!.result;
  }

  /** What lies in a session's own word, in which it leaves another one. */
  private ownWord(ctx: bigint, meta: bigint, leaves: bigint): bigint {
    const address = u64(ctx - 8n * ((meta >> BigInt(OWN_SHIFT)) & BigInt(OWN_MASK)));
    const found = this.load(address);
    this.machine.poke(vaOf(address)!, new Uint8Array(BigUint64Array.of(leaves).buffer));
    return found;
  }

  /** fentry programs come before there is a result, but beside sessions they are told 0. */
  seesRetval: (id: number) => boolean = () => false;

  private programAt(object: bigint): AttachedProgram {
    const program = this.answers.programs.find(({ id }) => pointer(progObject(id)) === object);
    if (program === undefined) throw new TrapFault(`${hex64(object)} is no program's object`);
    return program;
  }

  /** All frame records on the stack: each must be the function's or its caller's. */
  private frames(framePointer: bigint): Frames {
    const frames: ("function" | "caller")[] = [];
    for (let fp = framePointer; isOnStack(fp); fp = this.load(fp)) {
      const back = this.load(fp + 8n);
      if (back === pointer(RETURN_ADDRESS)) frames.push("caller");
      else if (back === pointer(this.answers.behindSite)) frames.push("function");
      else throw new TrapFault(`a frame returns to ${hex64(back)}`);
    }
    return frames;
  }

  private load(address: bigint): bigint {
    const va = vaOf(address);
    if (va === undefined || this.machine.mapping(va) === undefined) throw new TrapFault(`read at ${hex64(address)}`);
    return u64(this.machine.peek64(va));
  }
}

function isOnStack(address: bigint): boolean {
  const va = vaOf(address);
  return va !== undefined && va >= STACK.base && va < STACK.base + STACK.bytes;
}
