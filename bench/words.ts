// What three witnesses say of random words: our decoder, Capstone, and Unicorn. Where ours knows a word, the others must
// know it too and Capstone must write it in the same words; what only the others know is not modelled.
// Run: `npm run build && node dist/bench/words.js [millions] [seed]`.

import { openDisassembler } from "../engines/capstone/disassembler.js";
import { loadUnicorn } from "../engines/unicorn/library.js";
import { type Answer, BATCH, SupportedWords } from "../engines/unicorn/supported-words.js";
import { pointer } from "../spec/a64/address.js";
import { decode, explain } from "../spec/a64/decode.js";
import { text } from "../spec/a64/text.js";
import { hexWord } from "../spec/bits.js";

const PC = 0x8000_0000_1000;
const SHOWN = 8;

interface Group {
  count: number;
  /** The first few, with Capstone's text. */
  readonly examples: string[];
}

const millions = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? 1);
const load = loadUnicorn();
if (!load.ok) throw new Error(load.why);
const supported = new SupportedWords(load.library);
const disassemble = await openDisassembler();
const groups = new Map<string, Group>();

/** What our decoder and Capstone say of a word. */
function read(word: number): { readonly ours: string; readonly capstone: string; readonly listing: string } {
  const insn = decode(word);
  const theirs = disassemble(word, pointer(PC));
  const listing = theirs ?? "-";
  if (insn === undefined) {
    const reason = explain(word)!.split(":")[0]!;
    return { ours: reason, capstone: theirs === undefined ? "unknown" : "known", listing };
  }
  const ours = text(insn, PC);
  const capstone = theirs === undefined ? "unknown" : theirs === ours ? "same text" : "other text";
  return { ours: "known", capstone, listing: `${listing} (ours: ${ours})` };
}

function count(word: number, answer: Answer): void {
  const { ours, capstone, listing } = read(word);
  const key = `${ours.padEnd(26)} ${capstone.padEnd(11)} ${answer}`;
  const group = groups.get(key) ?? { count: 0, examples: [] };
  groups.set(key, group);
  group.count++;
  if (group.examples.length < SHOWN) group.examples.push(`${hexWord(word)} ${listing}`);
}

/** xorshift32: each word but 0 once in 2^32 - 1. */
function* randomWords(): Generator<number> {
  for (let x = seed >>> 0 || 1; ; ) {
    x ^= x << 13;
    x ^= x >>> 17;
    x = (x ^ (x << 5)) >>> 0;
    yield x;
  }
}

const random = randomWords();
const batch = new Uint32Array(BATCH);
const started = performance.now();
let looked = 0;
while (looked < millions * 1e6) {
  for (let i = 0; i < BATCH; i++) batch[i] = random.next().value as number;
  const answers = supported.answers(batch);
  for (let i = 0; i < BATCH; i++) count(batch[i]!, answers[i]!);
  looked += BATCH;
}
const seconds = (performance.now() - started) / 1000;
console.log(`${looked} words from seed ${seed}, ${Math.round(looked / seconds)} a second`);
console.log(`${"ours".padEnd(26)} ${"Capstone".padEnd(11)} ${"Unicorn".padEnd(9)} ${"words".padStart(10)}`);
for (const [key, group] of [...groups].sort(([a], [b]) => a.localeCompare(b))) {
  console.log(`${key.padEnd(48)} ${String(group.count).padStart(10)}`);
}
for (const [key, { examples }] of groups) {
  const [, ours, capstone, unicorn] = /^(.{26}) (.{11}) (.*)$/.exec(key)!.map((part) => part.trim());
  const areKnown = capstone === "same text" && unicorn === "executes";
  const isOneOfTheirs = capstone === "known" && unicorn === "executes";
  // A real instruction outside of the model, or one whose effect the manual leaves open, is no disagreement.
  if (ours === "known" ? areKnown : ours !== "unallocated" || !isOneOfTheirs) continue;
  console.log(`\n${ours}, Capstone: ${capstone}, Unicorn: ${unicorn}`);
  for (const example of examples) console.log(`  ${example}`);
}
