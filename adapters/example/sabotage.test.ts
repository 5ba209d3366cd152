// Every comparison can fail: the example adapter with an edit that spoils one thing, and what is said of it.

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Build, buildProject } from "../../testing/build.js";
import { capture } from "../../testing/capture.js";
import { triesAll } from "../../testing/law.js";

let build: Build;
let scratch: string;
beforeAll(() => {
  build = buildProject();
  scratch = mkdtempSync(path.join(tmpdir(), "rox-sabotage-"));
}, 120_000);
afterAll(() => build.remove());

/** Words that run at the entry of an image, before each `ret`, and between each `bl` and the helper that it calls. */
interface Spoilt {
  readonly atReturn?: readonly number[];
  readonly atEntry?: readonly number[];
  readonly atCall?: readonly number[];
}

/** Goes into the adapter as text. The words come behind the image, which jumps there. */
function spoil(answer: { bytes: Uint8Array; entry: number }, { atReturn, atEntry, atCall }: Spoilt): object {
  const [B, BL, RET] = [0x1400_0000, 0x9400_0000, 0xd65f_03c0];
  const words = [...new Uint32Array(answer.bytes.slice().buffer)];
  const branch = (op: number, from: number, to: number): number => (op | ((to - from) & 0x3ff_ffff)) >>> 0;
  const target = (word: number, from: number): number => from + ((word << 6) >> 6);
  for (const [i, word] of [...words.entries()]) {
    if (word === RET && atReturn !== undefined) {
      words[i] = branch(B, i, words.length);
      words.push(...atReturn, RET);
    } else if (word >>> 26 === BL >>> 26 && atCall !== undefined) {
      words[i] = branch(BL, i, words.length);
      words.push(...atCall);
      words.push(branch(B, words.length, target(word, i)));
    }
  }
  const entry = atEntry === undefined ? answer.entry : 4 * words.length;
  if (atEntry !== undefined) words.push(...atEntry, branch(B, words.length + atEntry.length, 0));
  return { ...answer, entry, bytes: new Uint8Array(Uint32Array.from(words).buffer) };
}

/** The answer that `rox run` gives of the program, compiled by an adapter that spoils its images. */
function verdictOf(spoilt: Spoilt, program: string): ReturnType<typeof capture> {
  const folder = path.join(path.dirname(build.rox), "..", "adapters", "example");
  const text = readFileSync(path.join(folder, "adapter.js"), "utf8");
  const edited = text.replace("answerFrame(translate(request))", (call) =>
    call.replace("translate(request)", `spoilt(translate(request))`),
  );
  expect(edited).not.toBe(text);
  const adapter = path.join(folder, "spoilt.js");
  writeFileSync(adapter, `${spoil}\nconst spoilt = (answer) => spoil(answer, ${JSON.stringify(spoilt)});\n${edited}`);
  const [subject, file] = [path.join(scratch, "subject.json"), path.join(scratch, "case.bpf")];
  const description = JSON.parse(readFileSync(new URL("example.json", import.meta.url), "utf8"));
  const helpers = { ...description.helpers, numbers: [28], extra: { x5: "number", x6: "number", x7: "number" } };
  writeFileSync(subject, JSON.stringify({ ...description, helpers, command: [process.execPath, adapter] }));
  writeFileSync(file, program);
  return capture(["run", file, "--subject", subject]);
}

const MEMORY = "# context: memory\n# input: zero 16\n\n";
const RETURNS = `${MEMORY}r0 = 7\nexit\n`;
const STORES = `${MEMORY}r2 = 1\n*(u64 *)(r1 + 0) = r2\n*(u64 *)(r10 - 8) = r2\nr0 = 0\nexit\n`;
/** bpf_csum_diff: five arguments. */
const CALLS = `${MEMORY}*(u64 *)(r10 - 8) = 0
r1 = r10
r1 += -8
r2 = 4
r3 = r10
r3 += -4
r4 = 4
r5 = 9
call 28
r0 = 0
exit
`;
/** What every helper of the description gets beside its arguments: its number, in x5 to x7. */
const NUMBER = [5, 6, 7].map((register) => 0xd280_0380 + register);
const NOP = 0xd503_201f;
/** add xN, xN, #1 */
const increment = (register: number): number => (0x9100_0400 | (register << 5) | register) >>> 0;

/** movz x9, #0x5a; sturb w9, [xN, #displacement] */
const storeNear = (base: number, displacement: number): readonly number[] => [
  0xd280_0b49,
  (0x3800_0009 | ((displacement & 0x1ff) << 12) | (base << 5)) >>> 0,
];
/** x25 is r10 in our JIT. */
const [X0, FP, SP] = [0, 25, 31];

/** Registers that a function leaves as they were. */
const SAVED = [19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29];

const CASES: readonly (readonly [what: string, spoilt: Spoilt, program: string, says: RegExp])[] = [
  ["r0", { atReturn: [increment(0)] }, RETURNS, /DISAGREE at r0\n/],
  ...(triesAll() ? SAVED : [SAVED[0]!, SAVED.at(-1)!]).map(
    (n) => [`x${n}`, { atReturn: [increment(n)] }, RETURNS, new RegExp(`DISAGREE at x${n} on return\n`)] as const,
  ),
  ["SP", { atReturn: [0xd100_43ff] }, RETURNS, /DISAGREE at sp on return\n/],
  ["memory", { atEntry: storeNear(X0, 8) }, STORES, /DISAGREE at context\[8\]\n/],
  ["stack", { atCall: [...NUMBER, ...storeNear(FP, -7)] }, CALLS, /DISAGREE at stack\[r10 - 7\]\n/],
  ["the margin before memory", { atEntry: storeNear(X0, -1) }, STORES, /a byte beside the region context was written/],
  ["the margin behind memory", { atEntry: storeNear(X0, 16) }, STORES, /store of 1 bytes at 0x\w+: not mapped/],
  ["the caller's frame", { atEntry: storeNear(SP, 8) }, STORES, /store of 1 bytes to 0x\w+ in the caller's frame/],
  ["below SP", { atReturn: storeNear(SP, -100) }, STORES, /1 bytes at 100 below sp/],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map(
    (n) =>
      [`x${n} at a call`, { atCall: [...NUMBER, increment(n)] }, CALLS, new RegExp(`argument in x${n}\\n`)] as const,
  ),
];

test.each(CASES)("%s", async (_, spoilt, program, says) => {
  const { code, out } = await verdictOf(spoilt, program);
  expect(out).toMatch(says);
  expect(code).toBe(1);
});

test("nothing is said of what is the same", async () => {
  for (const program of [RETURNS, STORES, CALLS]) {
    const same = await verdictOf({ atReturn: [NOP], atEntry: [NOP], atCall: NUMBER }, program);
    expect(same.code, same.out).toBe(0);
  }
});
