// Two CPUs in kernel code at once: one loads, frees, patches or builds a trampoline, and after one of the events of that, any
// at which it holds no lock, the other CPU does all of something else, about another program. Whoever comes first, both must
// succeed, every program must still do what it did, and what is given back must leave nothing.

import { referenceEngine } from "../../engines/reference/engine.js";
import type { RoAddr } from "../../machine/address.js";
import type { MachineEvent } from "../../machine/event.js";
import type { Machine } from "../../machine/machine.js";
import { BRANCH_REACH } from "../../spec/a64/address.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { defaultSubject } from "../../subjects/index.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { execute, trapsOf } from "../../subjects/run/execute.js";
import { pagesOf, STACK } from "../../subjects/run/layout.js";
import {
  type JitFunction,
  type LoadedProgram,
  machineFor,
  type Subject,
  type SubjectKernel,
  type SubjectTrampolines,
  trampFlags,
} from "../../subjects/subject.js";
import { textOf } from "../../subjects/trampoline/kernel-text.js";
import { TRAMPOLINES } from "../cases/trampoline/index.js";
import { ALL, type Exhausted, isOfShare, MOST_FAILURES, type Share } from "./exhausted.js";

const CPUS = 2;
const FUEL = 1000;
const RESULTS = [11, 22, 33] as const;

/** What one CPU does about one program, in a kernel in which that and its neighbour are loaded. */
interface Operation {
  readonly name: string;
  /** Only a kernel with trampolines is asked. */
  readonly attaches?: true;
  /** It stores the address behind a long jump. */
  readonly isFar?: boolean;
  before?(pair: Pair, program: Target): number;
  /** @returns 0, or an error */
  perform(pair: Pair, program: Target): number;
  /** Back to how it was loaded; absent where nothing is left to go back to. */
  after?(pair: Pair, program: Target): number;
}

/** A program that an operation is about. */
interface Target {
  readonly loaded: LoadedProgram;
  readonly returns: number;
  /** The word at its patch site. */
  readonly site: number;
  /** What the operation has made. */
  made?: LoadedProgram | undefined;
  isFreed?: boolean;
}

const far = ({ loaded }: Target): RoAddr => (loaded.bpfFunc + 2 * BRANCH_REACH) as RoAddr;
const near = ({ loaded }: Target): RoAddr => (loaded.bpfFunc + 65_536) as RoAddr;
const poke =
  (from?: (target: Target) => RoAddr, to?: (target: Target) => RoAddr) =>
  ({ tramp }: Pair, target: Target): number =>
    tramp.bpfArchTextPoke(target.loaded.bpfFunc, "call", from?.(target), to?.(target));

const OPERATIONS: readonly Operation[] = [
  { name: "attach far", attaches: true, isFar: true, perform: poke(undefined, far), after: poke(far) },
  { name: "detach far", attaches: true, isFar: true, before: poke(undefined, far), perform: poke(far) },
  {
    name: "far to near",
    attaches: true,
    isFar: true,
    before: poke(undefined, far),
    perform: poke(far, near),
    after: poke(near),
  },
  { name: "attach near", attaches: true, perform: poke(undefined, near), after: poke(near) },
  {
    name: "load",
    perform(pair, target) {
      target.made = pair.load(RESULTS[2]);
      return 0;
    },
    after(pair, { made }) {
      const wrong = made && pair.run(made, RESULTS[2]);
      if (wrong !== undefined) throw new Error(wrong);
      if (made !== undefined) pair.kernel.freeProgram(made);
      return 0;
    },
  },
  {
    name: "free",
    perform(pair, target) {
      target.isFreed = true;
      pair.unload(target.loaded);
      return 0;
    },
  },
];

/** One CPU alone builds trampolines: what is handed to that is in one place. */
const TRAMPOLINE: Operation = {
  name: "make a trampoline",
  attaches: true,
  perform({ tramp }, { loaded }) {
    const links = { fentry: [], fmodRet: [], fexit: [], structOps: false };
    const made = tramp.bpfTrampImageMake({
      args: [{ bytes: 8, isStruct: false }],
      flags: { ...trampFlags(links), callOrig: true },
      links,
      func: loaded.bpfFunc,
    });
    if (!made.ok) return made.error;
    tramp.bpfTrampImageFree(made.im);
    return 0;
  },
};

/** A kernel of two CPUs, with a program that stays, so that its pack does. */
class Pair {
  readonly machine: Machine;
  readonly kernel: SubjectKernel;
  readonly tramp: SubjectTrampolines;
  private readonly charged: number;
  private readonly usage: Machine["usage"];

  constructor(subject: Subject) {
    const machine = machineFor(subject, { cpus: CPUS });
    this.machine = machine;
    this.kernel = subject.boot({ machine, random: () => 0 });
    const { base, bytes } = pagesOf(STACK, machine.pageBytes);
    machine.map(base, bytes, "rw");
    this.load(1);
    this.tramp = this.kernel.trampolines(textOf(false));
    this.usage = machine.usage;
    this.charged = this.kernel.modmem.current;
  }

  load(returns: number): LoadedProgram {
    const insns = [insn(rowById("mov imm"), { dst: 0, imm: returns }), insn(rowById("exit"))];
    const fn: JitFunction = { insns, index: 0, stackDepth: 0 };
    const loaded = this.kernel.loadProgram([fn]);
    if (!loaded.ok) throw new Error(`a load is refused: ${loaded.error.kind}`);
    return loaded.program;
  }

  target(returns: number): Target {
    const loaded = this.load(returns);
    this.tramp.symbols.add({ start: loaded.bpfFunc, bytes: loaded.functions[0]!.jitedLen });
    return { loaded, returns, site: this.siteOf(loaded) };
  }

  unload(loaded: LoadedProgram): void {
    this.tramp.symbols.remove(loaded.bpfFunc);
    this.kernel.freeProgram(loaded);
  }

  /** @returns what is wrong with a program to which nothing is attached any more */
  wrongWith({ loaded, returns, site }: Target): string | undefined {
    const word = this.siteOf(loaded);
    return word === site ? this.run(loaded, returns) : `a patch site holds ${word.toString(16)} in the end`;
  }

  private siteOf({ bpfFunc }: LoadedProgram): number {
    return this.machine.peek32(bpfFunc + 4 * this.tramp.pokeOffset);
  }

  run({ bpfFunc }: LoadedProgram, returns: number): string | undefined {
    const { machine, kernel } = this;
    const { permission } = machine.mapping(bpfFunc) ?? {};
    if (permission !== "rox") return `a program's page is ${permission ?? "not mapped"} in the end`;
    const traps = trapsOf(kernel);
    const outcome = execute(referenceEngine, { machine, cpu: 0, entry: bpfFunc, args: [0n], fuel: FUEL, traps });
    if (outcome.kind === "returned" && outcome.x0 === BigInt(returns)) return undefined;
    return `a program ${outcome.kind === "returned" ? `returns ${outcome.x0}, expected ${returns}` : outcome.kind}`;
  }

  isLocked(): boolean {
    const { machine, kernel } = this;
    const locks = [machine.packMutex, machine.textMutex, machine.patchLock];
    return locks.some(({ holder }) => holder !== undefined) || kernel.holdsLock?.() === true;
  }

  /** @returns what is not as it was before the two programs were loaded */
  left(): string | undefined {
    const { machine, kernel, usage, charged } = this;
    for (const key of ["areas", "heapObjects", "frames"] as const) {
      if (machine.usage[key] !== usage[key]) return `${key}: ${machine.usage[key]} in the end, ${usage[key]} before`;
    }
    if (kernel.modmem.current !== charged)
      return `${kernel.modmem.current} bytes are charged in the end, ${charged} before`;
    if (this.isLocked()) return "a lock is held in the end";
    return machine.staleTranslations.length === 0 ? undefined : "a stale translation";
  }
}

/** How a case went: at which events of the first operation the second might come, and what is wrong. */
interface Tried {
  readonly moments: readonly string[];
  readonly wrong: string | undefined;
}

/** @param at how many events of `first` come before `second`, of those at which no lock is held; undefined: it never comes */
function interleave(pair: Pair, first: Operation, second: Operation, at: number | undefined): Tried {
  const { machine, kernel } = pair;
  const printed = kernel.warnings.length;
  const moments: string[] = [];
  const targets = [pair.target(RESULTS[0]), pair.target(RESULTS[1])] as const;
  let isIn = false;
  const other = (): void => {
    isIn = true;
    machine.runOn(1, () => check(second.name, second.perform(pair, targets[1])));
  };
  const listen = ({ kind }: MachineEvent): void => {
    if (isIn || pair.isLocked()) return;
    moments.push(kind);
    if (at === moments.length - 1) other();
  };
  const check = (what: string, error: number): void => {
    if (error !== 0) throw new Error(`${what} fails with ${error}`);
  };
  try {
    check(`before ${first.name}`, first.before?.(pair, targets[0]) ?? 0);
    check(`before ${second.name}`, second.before?.(pair, targets[1]) ?? 0);
    machine.onEvent = listen;
    check(first.name, first.perform(pair, targets[0]));
    machine.onEvent = undefined;
    if (!isIn) other();
    for (const [i, operation] of [first, second].entries()) {
      check(`after ${operation.name}`, operation.after?.(pair, targets[i]!) ?? 0);
    }
    const live = targets.filter(({ isFreed }) => isFreed !== true);
    const wrong = live.map((one) => pair.wrongWith(one)).find((one) => one !== undefined);
    for (const { loaded } of live) pair.unload(loaded);
    const warned = kernel.warnings[printed];
    return { moments, wrong: wrong ?? (warned === undefined ? pair.left() : `a warning: ${warned}`) };
  } catch (error) {
    if (!(error instanceof Error) || error instanceof NotModelled) throw error;
    return { moments, wrong: error.message };
  } finally {
    machine.onEvent = undefined;
  }
}

/** Linux stores the address behind a long jump with its page writable, which is not executable here meanwhile. */
const KNOWN = "pltPageWritable";
const TAKEN = /^badWrite at /;

export function twoCpus({ share = ALL }: { readonly share?: Share } = {}, subject = defaultSubject): Exhausted {
  const failures: string[] = [];
  const known: Record<string, number> = {};
  const lacking = new Set<string>();
  let tried = 0;
  let pair = new Pair(subject);
  // Whoever cannot say whether a lock is held cannot say either when the other CPU must wait.
  pair.isLocked();
  /** @returns how many moments there are; undefined if the subject lacks an operation */
  const tryOne = (first: Operation, second: Operation, at: number | undefined): readonly string[] | undefined => {
    try {
      const { moments, wrong } = interleave(pair, first, second, at);
      tried++;
      if (wrong === undefined) return moments;
      pair = new Pair(subject);
      const isRace = first.isFar === true && second.isFar === true && TAKEN.test(wrong);
      const isKnown = isRace && subject.known?.has(KNOWN) === true;
      const after = at === undefined ? "and then" : `after its event ${at} (${moments[at]})`;
      if (isKnown) known[KNOWN] = (known[KNOWN] ?? 0) + 1;
      else failures.push(`CPU 0: ${first.name}; ${after} CPU 1, a neighbour: ${second.name}: ${wrong}`);
      return moments;
    } catch (error) {
      if (!(error instanceof NotModelled)) throw error;
      lacking.add(error.message);
      pair = new Pair(subject);
      return undefined;
    }
  };
  const why = subject.untried?.get(TRAMPOLINES.name);
  if (why !== undefined) lacking.add(`trampolines: ${why}`);
  const isAsked = (one: Operation): boolean => why === undefined || one.attaches !== true;
  const operations = [TRAMPOLINE, ...OPERATIONS]
    .flatMap((first) => OPERATIONS.map((second) => [first, second] as const))
    .filter((pair) => pair.every(isAsked));
  for (const [index, [first, second]] of operations.entries()) {
    if (!isOfShare(index, share) || failures.length >= MOST_FAILURES) continue;
    const moments = tryOne(first, second, undefined) ?? [];
    for (let at = 0; at < moments.length; at++) tryOne(first, second, at);
  }
  return { tried, failures: failures.slice(0, MOST_FAILURES), known, lacking: [...lacking] };
}
