// Three trampolines word for word, as Linux lays them out: no recording has any. A run shows what a trampoline does, not
// which registers it does it with, where it keeps what, or that a landing pad is there.

import { DEFAULT_ENV } from "../../../impl/jit/env.js";
import { archBpfTrampolineSize } from "../../../impl/trampoline/arch-trampoline.js";
import { TrampEmitter } from "../../../impl/trampoline/emitter.js";
import type { EnterExit, TrampolineEnv } from "../../../impl/trampoline/env.js";
import {
  calcArgAux,
  type FuncArg,
  type TrampLink,
  type TrampLinks,
  trampFlags,
} from "../../../impl/trampoline/links.js";
import { prepareTrampoline } from "../../../impl/trampoline/prepare-trampoline.js";
import type { Va } from "../../../machine/address.js";
import { hexWord } from "../../../spec/bits.js";
import type { DirectedCase } from "../../subject.js";

const IMAGE: Va = 0x8000_8400_0000;
const TEXT: Va = 0x8000_8300_0000;
const FUNCTION: Va = 0x8000_8500_8000;
const RECORD = { high: 0xffff_0000, low: 0x0123_4540 };

const pair = (enter: Va): EnterExit => ({ enter, exit: enter + 64 });
const ENV: Omit<TrampolineEnv, "bti"> = {
  ...DEFAULT_ENV,
  original: pair(TEXT),
  prog: {
    plain: pair(TEXT + 0x100),
    sleepable: pair(TEXT + 0x200),
    recur: pair(TEXT + 0x300),
    sleepableRecur: pair(TEXT + 0x400),
    lsmCgroup: pair(TEXT + 0x500),
  },
};

const link = (n: number, given: Partial<TrampLink> = {}): TrampLink => ({
  ...{ prog: 0x8000_4000_0000 + 4096 * n, bpfFunc: 0x8000_8500_0000 + 4096 * n, insnsi: 0x8000_4100_0000 + 4096 * n },
  ...{ jited: true, cookie: { high: 0, low: 0 }, sleepable: false, recursionChecked: false, lsmCgroup: false },
  ...given,
});

interface Layout {
  readonly of: string;
  readonly links: Partial<TrampLinks>;
  readonly nregs: number;
  readonly bti: boolean;
  readonly ipArg: boolean;
  readonly returns: boolean;
  /** Words to ask for: every call counts as the longest one, and the record's address as four words. */
  readonly room: number;
  /** Of its instructions, in lines that belong together. */
  readonly words: readonly string[];
}

const LAYOUTS: readonly Layout[] = [
  {
    of: "an interpreted program with a cookie, before a function of three arguments",
    links: { fentry: [link(0, { jited: false, cookie: { high: 0, low: 7 }, recursionChecked: true })] },
    ...{ nregs: 3, bti: false, ipArg: false, returns: false, room: 42 + 3 * 3 },
    words: [
      // Frame records of the caller and of the function; room.
      "a9bf27fd 910003fd a9bf7bfd 910003fd d10103ff",
      // Number of arguments, arguments, x19 and x20.
      "d280006a f9000bea f9000fe0 f90013e1 f90017e2 f9001bf3 f9001ff4",
      // The cookie; the program's object; enter, and what it answers.
      "528000ea f90003ea 929ffff3 f2a80013 f2d00013 91000260 910003e1 97c000ad 91000014 b40000c0",
      // Arguments and instructions for the interpreter; exit.
      "910063e0 929fffe1 f2a82001 f2d00001 943fffe6 91000260 91000281 910003e2 97c000b2",
      // Arguments and registers again; on into the function.
      "f9400fe0 f94013e1 f94017e2 f9401bf3 f9401ff4 910003bf a8c17bfd a8c127fd 910003ca 9100013e d65f0140",
    ],
  },
  {
    of: "fentry, fmod_ret and fexit of a function of one argument, with landing pads",
    links: {
      ...{ fentry: [link(0)], fmodRet: [link(1, { sleepable: true })], fexit: [link(2, { lsmCgroup: true })] },
    },
    ...{ nregs: 1, bti: true, ipArg: true, returns: false, room: 86 + 11 * 3 + 2 },
    words: [
      "d50324df a9bf27fd 910003fd a9bf7bfd 910003fd d10103ff",
      // The function's address, number of arguments, argument, x19 and x20; keep the trampoline.
      "928fffea f2b0a00a f2d0000a f9000bea d280002a f9000fea f90013e0 f9001bf3 f9001ff4",
      "d2ffffe0 f2a02460 f288a800 97bfffee",
      // fentry.
      "f90003ff 929ffff3 f2a80013 f2d00013 91000260 910003e1 97c00027 91000014 b4000060",
      "910083e0 943fffe3 91000260 91000281 910003e2 97c0002f",
      // fmod_ret: the result is 0 before; what it leaves decides.
      "f90017ff f90003ff 929dfff3 f2a80013 f2d00013 91000260 910003e1 97c00057 91000014 b4000080",
      "910083e0 944003d3 f90017e0 91000260 91000281 910003e2 97c0005e f94017ea b50000ea",
      // The function, called at the word behind its patch site; the word that a release replaces.
      "f94013e0 f94027ea 1000005e d65f0140 f90017e0 d503201f",
      // fexit.
      "f90003ff 929bfff3 f2a80013 f2d00013 91000260 910003e1 97c000ff 91000014 b4000060",
      "910083e0 944007bb 91000260 91000281 910003e2 97c00107",
      // Let go; registers and result; back to the caller of the function.
      "d2ffffe0 f2a02460 f288a800 97bfffc3",
      "f9401bf3 f9401ff4 f94017e0 910003bf a8c17bfd a8c127fd 9100013e d65f0120",
    ],
  },
  {
    of: "a member of struct_ops with two arguments and a result",
    links: { fentry: [link(0)], structOps: true },
    ...{ nregs: 2, bti: false, ipArg: false, returns: true, room: 31 + 3 * 3 },
    words: [
      // Called through a pointer: one frame record.
      "a9bf7bfd 910003fd d10103ff d280004a f9000bea f9000fe0 f90013e1 f9001bf3 f9001ff4",
      "f90003ff 929ffff3 f2a80013 f2d00013 91000260 910003e1 97c00031 91000014 b4000080",
      "910063e0 943fffed f90017e0 91000260 91000281 910003e2 97c00038",
      "f9401bf3 f9401ff4 f94017e0 910003bf a8c17bfd d65f03c0",
    ],
  },
];

export const TRAMPOLINE_LAYOUTS: readonly DirectedCase[] = LAYOUTS.map((layout) => ({
  name: `trampoline word for word: ${layout.of}`,
  check: () => difference(layout),
}));

function difference({ links: given, nregs, bti, ipArg, returns, room, words }: Layout): string | undefined {
  const links: TrampLinks = { fentry: [], fmodRet: [], fexit: [], structOps: false, ...given };
  const env = { ...ENV, bti };
  const flags = trampFlags(links, { ipArg, returns });
  const args = new Array<FuncArg>(nregs).fill({ bytes: 8, isStruct: false });
  const size = archBpfTrampolineSize(env, { args, flags, links, func: FUNCTION });
  if (!size.ok || size.bytes !== 4 * room) return `${size.ok ? size.bytes / 4 : "no"} words of room, expected ${room}`;
  const image = new Uint32Array(room);
  const e = new TrampEmitter({ image, roImage: IMAGE });
  prepareTrampoline(e, { links, flags, func: FUNCTION, env, args: calcArgAux(args), im: RECORD });
  const expected = words.flatMap((line) => line.split(" "));
  if (e.words !== expected.length) return `${e.words} words, expected ${expected.length}`;
  const at = expected.findIndex((word, i) => word !== hexWord(image[i]!));
  return at < 0 ? undefined : `word ${at} is ${hexWord(image[at]!)}, expected ${expected[at]}`;
}
