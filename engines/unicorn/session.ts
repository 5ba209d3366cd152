// An emulated CPU with the memory of one machine, its hooks set once and pointing at whatever runs now. Sessions are
// kept, as opening one takes milliseconds; a few machines at most have one at a time.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { Cpu } from "./cpu.js";
import { type GuestAddress, HOOK, type Pointer, signed, type UnicornLibrary } from "./library.js";
import { Pages } from "./pages.js";

/** What a run wants to hear while the CPU runs. Nothing may throw. */
export interface Listener {
  onBlock(address: GuestAddress, bytes: number): void;
  onAccess(type: number, address: GuestAddress, bytes: number): void;
  /** @returns whether the access is possible now. */
  onInvalid(type: number, address: GuestAddress, bytes: number): boolean;
  onInterrupt(number: number): void;
  /** Only while tracing. */
  onInstruction(address: GuestAddress): void;
  /** Before each exclusive, and some others. */
  onExclusive(address: GuestAddress): void;
}

const MOST_SESSIONS = 4;
/** The longest access less one: a hook's range is compared with the first byte of an access. */
const REACH = 7;
/** As Unicorn has it. */
const ANYWHERE = [1, 0] as const;

export class Session {
  readonly cpu: Cpu;
  pages!: Pages;
  listener: Listener | undefined;
  private readonly onAccess: Pointer;
  private readonly onInstruction: Pointer;
  private readonly onExclusive: Pointer;
  private loadHook: Pointer | undefined;
  private firstHeard = 0;
  private lastHeard = 0;

  constructor(library: UnicornLibrary) {
    this.cpu = new Cpu(library);
    const { uc } = this.cpu;
    this.onAccess = library.onAccess((type, address, bytes) => this.listener?.onAccess(type, address, bytes));
    this.onInstruction = library.onBlock((address) => this.listener?.onInstruction(address));
    this.onExclusive = library.onBlock((address) => this.listener?.onExclusive(address));
    const onBlock = library.onBlock((address, bytes) => this.listener?.onBlock(address, bytes));
    const onInvalid = library.onInvalid((type, at, bytes) => this.listener?.onInvalid(type, at, bytes) ?? false);
    const onInterrupt = library.onInterrupt((number) => this.listener?.onInterrupt(number));
    library.addHook(uc, HOOK.block, onBlock, 1, 0);
    library.addHook(uc, HOOK.invalid, onInvalid, 1, 0);
    library.addHook(uc, HOOK.interrupt, onInterrupt, 1, 0);
    library.addHook(uc, HOOK.write, this.onAccess, 1, 0);
  }

  /** Show another machine's memory. */
  moveTo(machine: Machine): void {
    this.pages?.clear();
    this.pages = new Pages(this.cpu, machine, this.onExclusive);
  }

  /** Hear loads from [low, end) too, or from anywhere. */
  watchLoads(low: Va, end: Va): void {
    const range = this.pages.hasOddStack ? ANYWHERE : [signed(low) - REACH, signed(end) - 1];
    const [first, last] = range as readonly [number, number];
    if (first === this.firstHeard && last === this.lastHeard) return;
    const { uc, library } = this.cpu;
    if (this.loadHook !== undefined) library.removeHook(uc, this.loadHook);
    this.firstHeard = first;
    this.lastHeard = last;
    this.loadHook = library.addHook(uc, HOOK.read, this.onAccess, first, last);
  }

  /** Hear every instruction while `run` lasts. */
  tracing<T>(run: () => T): T {
    const { uc, library } = this.cpu;
    this.pages.forgetTranslations();
    const hook = library.addHook(uc, HOOK.code, this.onInstruction, 1, 0);
    try {
      return run();
    } finally {
      library.removeHook(uc, hook);
      this.pages.forgetTranslations();
    }
  }
}

/** Least recently used first. */
const sessions: Session[] = [];

/** Use a session of the machine, which nobody else uses meanwhile, although a trap may run code of its own. */
export function withSession<T>(library: UnicornLibrary, machine: Machine, use: (session: Session) => T): T {
  const session = takeSession(library, machine);
  try {
    return use(session);
  } finally {
    session.listener = undefined;
    sessions.push(session);
  }
}

function takeSession(library: UnicornLibrary, machine: Machine): Session {
  const known = sessions.findIndex(({ pages }) => pages.machine === machine);
  if (known >= 0) return sessions.splice(known, 1)[0]!;
  const session = sessions.length >= MOST_SESSIONS ? sessions.shift()! : new Session(library);
  session.moveTo(machine);
  return session;
}
