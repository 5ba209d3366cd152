// Which words Unicorn takes for instructions: each is run alone, with all registers pointing to memory, and is one unless
// the CPU says that it is undefined. What else it does, or faults with, does not matter. Vector arithmetic is not asked
// about: on some reserved words of it the library ends the process.

import { Cpu, SP } from "./cpu.js";
import { HOOK, must, PERMISSION, type UnicornLibrary } from "./library.js";

const CODE = -0x7fff_7d00_0000;
const DATA = -0x7fff_0000_0000;
const NOWHERE = -0x1000;
const PAGE = 4096;
const CODE_PAGES = 16;
/** How many words are looked at in one go. */
export const BATCH = (CODE_PAGES * PAGE) / 8;
/** Branch to itself: ends a block behind each word. */
const END = 0x1400_0000;
const UNDEFINED = 1;
/** Exceptions, system instructions, branches to registers and exception returns: what may change more than registers. */
const mayChangeSystem = (word: number): boolean => word >>> 26 === 0x35;

const isVector = (word: number): boolean => ((word >>> 25) & 7) === 7;

export type Answer = "executes" | "undefined" | "not asked";

export class SupportedWords {
  private readonly cpu: Cpu;
  private readonly code = new Uint8Array(new ArrayBuffer(CODE_PAGES * PAGE));
  private readonly words = new Uint32Array(this.code.buffer);
  private readonly data = new Uint8Array(new ArrayBuffer(16 * PAGE));
  private readonly context: bigint;
  private interrupt = 0;

  constructor(private readonly library: UnicornLibrary) {
    this.cpu = new Cpu(library);
    const { cpu } = this;
    cpu.allowFloats();
    must(library.mapPtr(cpu.uc, CODE, this.code.length, PERMISSION.rox, this.code), "map code");
    must(library.mapPtr(cpu.uc, DATA, this.data.length, PERMISSION.rw, this.data), "map data");
    const onInterrupt = library.onInterrupt((number) => {
      this.interrupt = number;
      library.stop(cpu.uc);
    });
    library.addHook(cpu.uc, HOOK.interrupt, onInterrupt, 1, 0);
    cpu.x.fill(BigInt.asUintN(64, BigInt(DATA + this.data.length / 2)), 0, SP + 1);
    cpu.write();
    this.context = library.saveContext(cpu.uc);
  }

  /** @param words at most `BATCH`. */
  answers(words: Uint32Array): Answer[] {
    const { library, cpu } = this;
    this.words.fill(END);
    for (const [i, word] of words.entries()) if (!isVector(word)) this.words[2 * i] = word;
    for (let at = CODE; at < CODE + this.code.length; at += PAGE) {
      must(library.removeCache(cpu.uc, at, at + PAGE), "forget translated code");
    }
    cpu.write();
    return Array.from(words, (word, i) => this.answer(word, CODE + 8 * i));
  }

  private answer(word: number, at: number): Answer {
    if (isVector(word)) return "not asked";
    const { library, cpu } = this;
    this.interrupt = 0;
    library.start(cpu.uc, at, NOWHERE, 0, 1);
    if (mayChangeSystem(word)) must(library.restoreContext(cpu.uc, this.context), "restore the CPU");
    return this.interrupt === UNDEFINED ? "undefined" : "executes";
  }
}
