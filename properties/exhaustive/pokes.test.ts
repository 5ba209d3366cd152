import { describe, expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import type { Subject, SubjectKernel } from "../../subjects/subject.js";
import { newSeed, triesAll } from "../../testing/law.js";
import { pokesOfEveryRange } from "./pokes.js";

const BYTES = 8192;

const SHARES = 16;
/** In bytes, of the pokes of a share. */
const placesOf = (index: number): readonly number[] =>
  Array.from({ length: BYTES }, (_, at) => at).filter((at) => Math.floor(at / 4) % SHARES === index);

/** One share of the places, another one for each ROX_SEED; all of them with ROX_LAWS=full. */
const shares = triesAll() ? Array.from({ length: SHARES }, (_, index) => index) : [(newSeed() ?? 0) % SHARES];
test.each(shares)(
  `a poke of every length in two pages, at share %d of ${SHARES} of their places`,
  (index) => {
    const tried = placesOf(index).reduce((sum, at) => sum + BYTES - at, 0);
    const share = { index, of: SHARES };
    expect(pokesOfEveryRange({ bytes: BYTES, ranges: "full", share })).toEqual({ tried, failures: [] });
  },
  120_000,
);

test("a defect of one length at one place is found there, if no class has it", () => {
  const subject = sabotaged((_, dst, bytes) => (dst % 4096 === 400 && bytes === 1237 ? bytes - 1 : bytes));
  const share = { index: 100 % SHARES, of: SHARES };
  expect(pokesOfEveryRange({ bytes: 4096, ranges: "full", share }, subject).failures).toHaveLength(1);
  expect(pokesOfEveryRange({ bytes: 4096, ranges: "classes" }, subject).failures).toEqual([]);
});

test("one poke of each class, which the shares of workers make up", () => {
  const tried = 156_414;
  expect(pokesOfEveryRange({ bytes: BYTES, ranges: "classes" })).toEqual({ tried, failures: [] });
  const shares = Array.from({ length: 8 }, (_, index) =>
    pokesOfEveryRange({ bytes: BYTES, ranges: "classes", share: { index, of: 8 } }),
  );
  expect(shares.reduce((sum, share) => sum + share.tried, 0)).toBe(tried);
}, 120_000);

/** Our own code, with one range copied in another way. */
const sabotaged = (copy: (kernel: SubjectKernel, dst: number, bytes: number) => number): Subject => ({
  ...defaultSubject,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    const own = kernel.aarch64InsnCopy.bind(kernel);
    kernel.aarch64InsnCopy = (dst, src, bytes) =>
      own(dst, src, copy(kernel, dst, bytes)) === undefined ? undefined : dst;
    return kernel;
  },
});

describe("a defect of one sort of range is found in its class", () => {
  test.each<[what: string, isWrong: (from: number, bytes: number) => boolean]>([
    ["that ends with a line", (from, bytes) => (from + bytes) % 64 === 0 && bytes > 64],
    ["that ends one byte into a line", (from, bytes) => (from + bytes) % 64 === 1 && bytes > 1],
    ["that begins at the last word of a page and leaves it", (from, bytes) => from % 4096 === 4092 && bytes > 4],
    ["of exactly a page", (_, bytes) => bytes === 4096],
    ["of a page and a word", (from, bytes) => bytes === 4100 && from % 4096 === 0],
    ["of more than a page that ends where the next does", (from, bytes) => bytes > 4096 && (from + bytes) % 4096 === 0],
    ["of two bytes", (_, bytes) => bytes === 2],
    ["within one word that ends between two", (from, bytes) => from % 64 === 60 && bytes === 3],
  ])("%s", (_, isWrong) => {
    const subject = sabotaged((_kernel, dst, bytes) => (isWrong(dst, bytes) ? bytes - 1 : bytes));
    expect(pokesOfEveryRange({ bytes: BYTES, ranges: "classes" }, subject).failures).not.toEqual([]);
  });
});
