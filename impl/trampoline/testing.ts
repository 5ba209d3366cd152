// For the tests beside this file: kernel text at round addresses, links that say only what matters, and words as text.

import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { hexWord } from "../../spec/bits.js";
import { DEFAULT_ENV } from "../jit/env.js";
import { Modmem } from "../pack/modmem.js";
import { ProgPacks } from "../pack/prog-pack.js";
import type { QuirkId } from "../quirks.js";
import type { EnterExit, TrampolineEnv } from "./env.js";
import type { TrampLink, TrampLinks } from "./links.js";
import { BpfSymbols } from "./symbols.js";
import type { TrampKernel } from "./tramp-image.js";
import { TRAMP_MEMORY } from "./tramp-memory.js";

const TEXT = 0x8000_8020_0000;
const pair = (i: number): EnterExit => ({ enter: TEXT + 32 * i, exit: TEXT + 32 * i + 16 });

export const ENV: TrampolineEnv = {
  ...DEFAULT_ENV,
  original: pair(0),
  prog: { plain: pair(1), sleepable: pair(2), recur: pair(3), sleepableRecur: pair(4), lsmCgroup: pair(5) },
};
export const withQuirk = (id: QuirkId): TrampolineEnv => ({ ...ENV, quirks: { ...ENV.quirks, [id]: true } });

export const link = (fields: Partial<TrampLink> = {}): TrampLink => ({
  prog: 0x8000_8800_1000,
  bpfFunc: 0x8000_8300_1008,
  insnsi: 0x8000_8800_1048,
  jited: true,
  cookie: { high: 0, low: 0 },
  sleepable: false,
  recursionChecked: true,
  lsmCgroup: false,
  ...fields,
});

export const links = (fields: Partial<TrampLinks> = {}): TrampLinks => ({
  fentry: [],
  fmodRet: [],
  fexit: [],
  structOps: false,
  ...fields,
});

/** Arguments that are words. */
export const words = (n: number): { readonly bytes: number; readonly isStruct: boolean }[] =>
  Array.from({ length: n }, () => ({ bytes: 8, isStruct: false }));

export function trampKernel(env: TrampolineEnv = ENV, images: keyof typeof TRAMP_MEMORY = "packs"): TrampKernel {
  const machine = new Machine({ vmallocBase: 0x8000_8300_0000 });
  const packs = new ProgPacks(machine, { packBytes: 8192 });
  const memory = TRAMP_MEMORY[images];
  return { machine, env, packs, modmem: new Modmem(), memory, symbols: new BpfSymbols(), warnings: [] };
}

/** Words of memory as hex digits, separated by spaces. */
export const hexWords = (machine: Machine, at: RoAddr, count: number): string =>
  Array.from({ length: count }, (_, i) => hexWord(machine.peek32(at + 4 * i))).join(" ");
