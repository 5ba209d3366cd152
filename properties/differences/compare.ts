// In what the images of one program differ, by cause: an instruction form that becomes other code, prologue or epilogue, the
// exception table, sizes, a refusal by one of the two; and what is a fact of the two builds and not of the compilers:
// offsets in structures, and which A64 register holds a BPF register.

import { decode } from "../../spec/a64/decode.js";
import { text } from "../../spec/a64/text.js";
import { hexWord } from "../../spec/bits.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import type { JitEnv } from "../../subjects/subject.js";
import { aligned } from "./align.js";
import { type Compilable, type FunctionImage, imagesOf, type Side } from "./images.js";
import { type ImagePart, type PartWord, partsOfImage, tableOf } from "./parts.js";

type CauseKind = "refused" | "form" | "prologue" | "epilogue" | "plt" | "table" | "size" | "offset" | "register";

export interface Difference {
  readonly kind: CauseKind;
  /** With the kind, what programs are grouped by: of code, the operations that one has in place of the other's. */
  readonly what: string;
  /** Of an instruction: its form. */
  readonly form?: string;
  /** Function and part that it was seen in; undefined where there is no image to look at. */
  readonly place?: { readonly fn: number; readonly part: ImagePart["part"] };
}
type Compared =
  | { readonly kind: "compared"; readonly differences: readonly Difference[]; readonly words: number }
  /** Both refuse it. */
  | { readonly kind: "refused"; readonly why: string };

/** @throws NotModelled if a kernel image cannot be followed */
export function compareImages(c: Compilable, [a, b]: readonly [Side, Side]): Compared {
  const [first, second] = [a, b].map((side) => imagesOf(c, side, a.env.callBase));
  if (!first!.ok && !second!.ok) return { kind: "refused", why: first!.why };
  if (!first!.ok || !second!.ok) {
    const [by, why] = first!.ok ? ["B", second!.ok ? "" : second!.why] : ["A", first!.why];
    return { kind: "compared", differences: [{ kind: "refused", what: `by ${by}: ${why}` }], words: 0 };
  }
  const pairs = first!.functions.map((fn, i) => [fn, second!.functions[i]!] as const);
  const words = first!.functions.reduce((sum, { image }) => sum + image.jitedBytes / 4, 0);
  return { kind: "compared", differences: compareFunctions(pairs, [a, b]), words };
}

/** @returns why it cannot be compared */
export function comparedOrNot(c: Compilable, sides: Pair<Side>): Compared | string {
  try {
    return compareImages(c, sides);
  } catch (error) {
    if (error instanceof NotModelled) return error.message;
    throw error;
  }
}

/** Of functions that both have compiled at the same places. */
export function compareFunctions(pairs: readonly Pair<FunctionImage>[], sides: Pair<Side>): readonly Difference[] {
  const differences = pairs.flatMap((pair, fn) => compareFunction(fn, pair, sides));
  const seen = new Set<string>();
  const isNew = ({ kind, what, form }: Difference): boolean => {
    const key = `${kind} ${what} ${form}`;
    return !seen.has(key) && seen.add(key).has(key);
  };
  return differences.filter(isNew);
}

type Pair<T> = readonly [T, T];

function compareFunction(fn: number, [x, y]: Pair<FunctionImage>, sides: Pair<Side>): readonly Difference[] {
  const [mine, theirs] = [partsOfImage(x), partsOfImage(y)];
  const inParts = mine.flatMap((part, i) => {
    const all = comparePart(part, theirs[i]!, x, sides);
    return all.map((difference) => ({ ...difference, place: { fn, part: part.part } }));
  });
  const found = [...inParts, ...compareTables(x, y)];
  if (found.length > 0 || x.image.jitedBytes === y.image.jitedBytes) return found;
  return [{ kind: "size", what: `${x.image.jitedBytes} and ${y.image.jitedBytes} bytes of equal parts` }];
}

/** A part as a whole: what stands in place of what. */
function unlike(mine: ImagePart, theirs: ImagePart, { fn }: FunctionImage): Difference {
  const rows = aligned(mine.words, theirs.words).filter(({ same }) => !same);
  const said = (side: "a" | "b"): string => {
    const words = rows.flatMap((row) => row[side] ?? []);
    return words.length === 0 ? "nothing" : words.map(operationOf).join(" ");
  };
  const what = `${said("a")} | ${said("b")}`;
  return typeof mine.part === "number"
    ? { kind: "form", what, form: fn.insns[mine.part]!.row.id }
    : { kind: mine.part, what };
}

function operationOf({ word, va }: PartWord): string {
  const insn = decode(word);
  return insn === undefined ? hexWord(word) : text(insn, va).split(" ")[0]!;
}

const NOP = "d503201f";
const withoutNops = ({ words }: ImagePart): string => words.flatMap(({ says }) => (says === NOP ? [] : [says])).join();

function comparePart(mine: ImagePart, theirs: ImagePart, x: FunctionImage, sides: Pair<Side>): readonly Difference[] {
  if (mine.words.length !== theirs.words.length) {
    // That the literal lies at a multiple of eight is the business of whatever made the lengths differ.
    const isAligning = mine.part === "plt" && withoutNops(mine) === withoutNops(theirs);
    return isAligning ? [] : [unlike(mine, theirs, x)];
  }
  const pairs = mine.words.map((word, i) => [word, theirs.words[i]!] as const);
  const found: Difference[] = [];
  for (const [one, other] of pairs) {
    if (one.says === other.says) continue;
    const fact = offsetIn(one, other, sides) ?? registersIn(one, other, sides);
    if (fact === undefined) return [unlike(mine, theirs, x)];
    found.push(fact);
  }
  return found;
}

const MOVZ = { operation: 0xffe0_001f, imm: 5, bits: 16, unit: 1 };
const LDR_W = { operation: 0xffc0_03ff, imm: 10, bits: 12, unit: 4 };
const isMovz = (word: number): boolean => (word & 0x7f80_0000) >>> 0 === 0x5280_0000;
const isLdrW = (word: number): boolean => (word & 0xffc0_0000) >>> 0 === 0xb940_0000;

/** Both name the same member of a structure, which lies elsewhere in each build. */
function offsetIn({ word: a }: PartWord, { word: b }: PartWord, [mine, theirs]: Pair<Side>): Difference | undefined {
  const form = isMovz(a) && isMovz(b) ? MOVZ : isLdrW(a) && isLdrW(b) ? LDR_W : undefined;
  if (form === undefined || (a & form.operation) !== (b & form.operation)) return undefined;
  const imm = (word: number): number => ((word >>> form.imm) & (2 ** form.bits - 1)) * form.unit;
  const offsets = Object.keys(mine.env.offsets) as (keyof JitEnv["offsets"])[];
  const name = offsets.find((one) => imm(a) === mine.env.offsets[one] && imm(b) === theirs.env.offsets[one]);
  return name && { kind: "offset", what: `${MEMBERS[name]} at ${imm(a)} and at ${imm(b)}` };
}
const MEMBERS: Readonly<Record<keyof JitEnv["offsets"], string>> = {
  arrayMaxEntries: "bpf_array.map.max_entries",
  arrayPtrs: "bpf_array.ptrs",
  progFunc: "bpf_prog.bpf_func",
  threadCpu: "task_struct.thread_info.cpu",
};

/** Where A64 has register numbers. */
const FIELDS = [0, 5, 10, 16];
const REGISTER = 31;
const BPF_REGISTERS = Array.from({ length: 12 }, (_, r) => r);

/** The same instruction on registers that hold the same BPF register in each. */
function registersIn({ word: a }: PartWord, { word: b }: PartWord, [mine, theirs]: Pair<Side>): Difference | undefined {
  const moved = new Map(
    BPF_REGISTERS.flatMap((r) => {
      const [one, other] = [mine, theirs].map(({ subject }) => subject.registerOf(r));
      return one === undefined || other === undefined || one === other ? [] : [[`${one} ${other}`, r] as const];
    }),
  );
  let rest = a ^ b;
  const found = new Set<number>();
  for (const at of FIELDS) {
    if (((rest >>> at) & REGISTER) === 0) continue;
    const bpf = moved.get(`${(a >>> at) & REGISTER} ${(b >>> at) & REGISTER}`);
    if (bpf === undefined) return undefined;
    found.add(bpf);
    rest &= ~(REGISTER << at);
  }
  if (rest !== 0 || found.size === 0) return undefined;
  const names = [...found].map((r) => {
    const name = r === SCRATCH ? "the scratch register" : `r${r}`;
    return `${name} in x${mine.subject.registerOf(r)} and in x${theirs.subject.registerOf(r)}`;
  });
  return { kind: "register", what: names.join(", ") };
}
const SCRATCH = 11;

function compareTables(x: FunctionImage, y: FunctionImage): readonly Difference[] {
  const [mine, theirs] = [tableOf(x), tableOf(y)];
  if (mine.length !== theirs.length) return [{ kind: "table", what: "number of entries" }];
  return mine.some(({ at }, i) => at !== theirs[i]!.at)
    ? [{ kind: "table", what: "which instruction may fault" }]
    : mine.some(({ says }, i) => says !== theirs[i]!.says)
      ? [{ kind: "table", what: "what is done about a fault" }]
      : [];
}
