// Programs on a JIT behind a command: sent to its process, placed in memory of our machine, run on our engines.

import type { Engine, EngineOutcome, Trap } from "../../engines/engine.js";
import { pointer, type Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { encode } from "../../spec/bpf/insn.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import { type Layout, type Program, type Range, STACK_BYTES } from "../../spec/bpf/program.js";
import { ignoredIn } from "../deviation.js";
import { helperOffset } from "../lowering.js";
import type { HelperCall, HostedCase, HostedProgram, HostedRun, ProgramHost, ProgramLoad } from "../program-subject.js";
import { execute } from "../run/execute.js";
import { CALL_BASE, ENTRY_SP, frameAt, layoutOf, PAGE_BYTES, STACK } from "../run/layout.js";
import type { RunMemory } from "../run/run-memory.js";
import { placed } from "../session/machines.js";
import { withAddresses } from "./addresses.js";
import { Conversation } from "./conversation.js";
import type { Descriptor, EntryArgument, Extra } from "./descriptor.js";
import { FrameFinder } from "./frame.js";
import { type Convention, relocate, wrapper, wrapperBytes } from "./image.js";
import { type CommandLine, ProcessFailure } from "./process.js";
import type { Answer, ProgramRequest } from "./protocol.js";

/** Within reach of helpers by BL, and behind what wraps an image. */
const WRAPPER: Va = 0x8000_8400_0000;
const IMAGE: Va = WRAPPER + PAGE_BYTES;
/** The table of helpers: a pointer for each number. */
const TABLE: Va = 0x0000_0450_0000;
const TABLE_ENTRIES = 64;
const PHYSICAL_BYTES = 128 << 20;
const FIRST_SAVED = 19;
const LAST_SAVED = 29;

const numberOf = (register: string): number => Number(register.slice(1));

export class CommandHost implements ProgramHost {
  private readonly conversation: Conversation<HostedCase>;
  private readonly machine: Machine;
  private readonly memory: RunMemory;
  private readonly traps = new Map<Va, Trap>();
  private readonly finder: FrameFinder | undefined;
  private calls: HelperCall[] = [];
  private mappedBytes = 0;

  constructor(
    private readonly descriptor: Descriptor,
    line: CommandLine,
    engine: Engine,
  ) {
    this.conversation = new Conversation(line, (tried) => this.requestOf(tried));
    const physical = engine.physical?.(PHYSICAL_BYTES);
    const { machine, memory } = placed({}, { physical, cpus: 1 });
    this.machine = machine;
    this.memory = memory!;
    const { frame } = descriptor.stack;
    if (typeof frame === "object") this.finder = new FrameFinder(frame.registers.map(numberOf), engine);
    machine.map(WRAPPER, PAGE_BYTES, "rox");
    machine.map(TABLE, PAGE_BYTES, "rw");
    const pointers = new BigUint64Array(TABLE_ENTRIES);
    for (const number of descriptor.helpers.numbers) {
      const va = CALL_BASE + helperOffset(number);
      const run = memory!.traps.get(va)!;
      pointers[number] = pointer(va);
      this.traps.set(va, (x, framePointer) => {
        this.calls.push({ number, x: x.slice() });
        return run(x.subarray(0, 5), framePointer);
      });
    }
    machine.poke(TABLE, new Uint8Array(pointers.buffer));
  }

  load(tried: HostedCase): ProgramLoad {
    let answer: Answer;
    try {
      answer = this.conversation.ask(tried);
    } catch (error) {
      if (!(error instanceof ProcessFailure)) throw error;
      return { kind: "broken", what: error.what, why: error.message };
    }
    switch (answer.kind) {
      case "notAccepted":
        return { kind: "notAccepted", why: answer.text };
      case "refused":
        return { kind: "refused", why: answer.text };
      case "image":
        return this.place(tried, answer);
      default:
        return answer satisfies never;
    }
  }

  announce(cases: readonly HostedCase[]): void {
    this.conversation.announce(cases);
  }

  close(): void {
    this.conversation.close();
  }

  private requestOf({ program, facts, env }: HostedCase): Omit<ProgramRequest, "id"> {
    const { maps } = layoutOf(program, 0);
    const code = withAddresses(program.code[0]!, maps);
    return {
      lse: env.cpu === "lse",
      stackBytes: Math.max(0, ...facts.functions.map(({ stackDepth }) => stackDepth)),
      address: pointer(IMAGE),
      helpers: this.descriptor.helpers.numbers.map((number) => ({
        number,
        address: pointer(CALL_BASE + helperOffset(number)),
      })),
      code: encode(code),
    };
  }

  private place({ program, facts }: HostedCase, answer: Extract<Answer, { kind: "image" }>): ProgramLoad {
    const { machine, descriptor } = this;
    const bytes = Uint8Array.from(answer.bytes);
    const offered = new Set(descriptor.helpers.numbers);
    const target = (helper: number): Va | undefined =>
      offered.has(helper) ? CALL_BASE + helperOffset(helper) : undefined;
    const wrong = relocate(bytes, IMAGE, answer.relocations, target, TABLE);
    if (wrong !== undefined) return { kind: "broken", what: "a relocation names no helper", why: wrong };
    const pages = Math.ceil(bytes.length / PAGE_BYTES) * PAGE_BYTES;
    if (pages > this.mappedBytes) {
      machine.map(IMAGE + this.mappedBytes, pages - this.mappedBytes, "rox");
      this.mappedBytes = pages;
    }
    machine.poke(IMAGE, bytes);
    // What a smaller image leaves behind it is no code.
    machine.poke(IMAGE + bytes.length, new Uint8Array(pages - bytes.length));
    const convention = this.conventionOf(program);
    const entry = IMAGE + answer.entry;
    const wrapped = wrapperBytes(convention);
    if (wrapped > 0) machine.poke(WRAPPER, new Uint8Array(wrapper(convention, WRAPPER, entry).buffer));
    const depth = Math.min(facts.functions[0]!.stackDepth, descriptor.stack.bytes);
    const above = this.frameOf(answer, entry, wrapped);
    const frame = above === undefined ? undefined : { base: ENTRY_SP - above - depth, bytes: depth };
    if (frame !== undefined && (frame.base < STACK.base || above! > STACK.bytes)) {
      return { kind: "broken", what: "the frame lies outside the stack", why: `${above} bytes below SP at entry` };
    }
    return { kind: "loaded", program: this.hosted(program, bytes.length, wrapped > 0 ? WRAPPER : entry, frame) };
  }

  /** Bytes from r10 to SP where the run begins; undefined if nobody knows. */
  private frameOf(answer: Extract<Answer, { kind: "image" }>, entry: Va, wrapped: number): number | undefined {
    const { stack } = this.descriptor;
    if (stack.frame === "unknown") return undefined;
    if (stack.frame === "answer") return answer.frame === undefined ? undefined : wrapped + answer.frame;
    const found = this.finder!.find(this.machine, entry, answer.bytes, this.entryArguments(layoutOf(NO_PROGRAM, 8), 8));
    return found === undefined ? undefined : wrapped + found;
  }

  private conventionOf(program: Program): Convention {
    const { entry, deviations } = this.descriptor;
    const ignored = ignoredIn(deviations, program);
    const isKept = (register: number): boolean =>
      entry.preserved.includes(`x${register}` as never) && !ignored.has(`x${register}`);
    const saved = Array.from({ length: LAST_SAVED - FIRST_SAVED + 1 }, (_, i) => FIRST_SAVED + i);
    return { result: numberOf(entry.result), clobbered: saved.filter((register) => !isKept(register)) };
  }

  private entryArguments(layout: Layout, inputBytes: number): readonly bigint[] {
    const args: bigint[] = [];
    for (const [register, what] of Object.entries(this.descriptor.entry.arguments)) {
      args[numberOf(register)] = valueAt(what!, layout, inputBytes, 0);
    }
    return Array.from(args, (value = POISON) => value);
  }

  private hosted(program: Program, bytes: number, entry: Va, frame: Range | undefined): HostedProgram {
    const { helpers } = this.descriptor;
    const frames = [frame ?? frameAt(0, STACK_BYTES)];
    return {
      words: bytes / 4,
      sees: frame === undefined ? "memory" : "all",
      layout: (inputBytes) => layoutOf(program, inputBytes, frames),
      extras: (layout, inputBytes, helper) =>
        Object.entries(helpers.extra).map(([register, what]) => [
          numberOf(register),
          valueAt(what!, layout, inputBytes, helper),
        ]),
      run: (input, layout, engine, fuel) => this.run(program, input, layout, { entry, engine, fuel }),
    };
  }

  private run(
    program: Program,
    input: Uint8Array,
    layout: Layout,
    { entry, engine, fuel }: { readonly entry: Va; readonly engine: Engine; readonly fuel: number },
  ): HostedRun {
    const { machine, memory } = this;
    memory.set(program, layout, input, { entries: [], instructionAt: () => entry, privateStacks: () => [] });
    this.calls = [];
    const args = this.entryArguments(layout, input.length);
    const got = execute(engine, { machine, entry, args, fuel, traps: this.traps });
    const violated = got.kind === "violated" ? got.rule : undefined;
    return { outcome: this.outcomeOf(layout, got), violated, calls: this.calls, executed: got.executed };
  }

  private outcomeOf(layout: Layout, got: EngineOutcome): Outcome {
    switch (got.kind) {
      case "returned":
        return this.memory.returned(layout.frames[0]!, 0, got.x0);
      case "violated":
        return { kind: "faulted", pc: undefined, why: "machine", detail: got.rule };
      case "faulted": {
        const place = got.pc >= IMAGE && got.pc < IMAGE + this.mappedBytes ? `image + ${got.pc - IMAGE}` : hex(got.pc);
        return { kind: "faulted", pc: undefined, why: "machine", detail: `${got.why} at ${place}: ${got.detail}` };
      }
      case "outOfFuel":
        return { kind: "outOfFuel" };
      default:
        return got satisfies never;
    }
  }
}

const hex = (va: Va): string => `0x${va.toString(16)}`;
const NO_PROGRAM: Program = { code: [[]], maps: [], context: "memory" };
/** In registers below one that is given. */
const POISON = 0xbad0_ca11_0000_00ffn;

function valueAt(what: EntryArgument | Extra, layout: Layout, inputBytes: number, helper: number): bigint {
  switch (what) {
    case "memory":
      return pointer(layout.context.base);
    case "length":
      return BigInt(inputBytes);
    case "helpers":
      return pointer(TABLE);
    case "number":
      return BigInt(helper);
    default:
      return what satisfies never;
  }
}
