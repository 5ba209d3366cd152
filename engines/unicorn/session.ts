// An emulated CPU with the memory of one machine, its hooks set once and pointing at whatever runs now. Sessions are
// kept, as opening one takes milliseconds; a few machines at most have one at a time.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { Cpu } from "./cpu.js";
import { type GuestAddress, HOOK, type Pointer, type UnicornLibrary } from "./library.js";
import { Pages } from "./pages.js";

/** What a run wants to hear while the CPU runs. Nothing may throw. */
export interface Listener {
  onBlock(address: GuestAddress, bytes: number): void;
  onAccess(type: number, address: GuestAddress, bytes: number): void;
  /** @returns whether the access is possible now. */
  onInvalid(type: number, address: GuestAddress, bytes: number): boolean;
  onInterrupt(number: number): void;
  onInstruction(address: GuestAddress): void;
}

const MOST_SESSIONS = 4;
/** The longest access less one: a hook's range is compared with the first byte of an access. */
const REACH = 7;

export class Session {
  readonly cpu: Cpu;
  pages!: Pages;
  listener: Listener | undefined;
  private readonly onAccess: Pointer;
  private readonly onInstruction: Pointer;
  private stackHook: Pointer | undefined;
  private stackLow: Va = -1;
  private stackEnd: Va = -1;

  constructor(library: UnicornLibrary) {
    this.cpu = new Cpu(library);
    const { uc } = this.cpu;
    this.onAccess = library.onAccess((type, address, bytes) => this.listener?.onAccess(type, address, bytes));
    this.onInstruction = library.onBlock((address) => this.listener?.onInstruction(address));
    const onBlock = library.onBlock((address, bytes) => this.listener?.onBlock(address, bytes));
    const onInvalid = library.onInvalid((type, at, bytes) => this.listener?.onInvalid(type, at, bytes) ?? false);
    const onInterrupt = library.onInterrupt((number) => this.listener?.onInterrupt(number));
    library.addHook(uc, HOOK.block, onBlock, 1, 0);
    library.addHook(uc, HOOK.invalid, onInvalid, 1, 0);
    library.addHook(uc, HOOK.interrupt, onInterrupt, 1, 0);
    library.addHook(uc, HOOK.write, this.onAccess, 1, 0);
  }

  /** Hear loads of [low, end) too. */
  watchLoads(low: Va, end: Va): void {
    if (low === this.stackLow && end === this.stackEnd) return;
    const { uc, library } = this.cpu;
    if (this.stackHook !== undefined) library.removeHook(uc, this.stackHook);
    this.stackLow = low;
    this.stackEnd = end;
    this.stackHook = library.addHook(uc, HOOK.read, this.onAccess, low - 2 ** 48 - REACH, end - 2 ** 48 - 1);
  }

  /** Hear every instruction while `run` lasts. */
  tracing<T>(run: () => T): T {
    const { uc, library } = this.cpu;
    const hook = library.addHook(uc, HOOK.code, this.onInstruction, 1, 0);
    try {
      return run();
    } finally {
      library.removeHook(uc, hook);
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
  session.pages?.clear();
  session.pages = new Pages(session.cpu, machine);
  return session;
}
