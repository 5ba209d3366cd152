import { expect, test } from "vitest";
import { linuxEnv } from "../../../impl/jit/env.js";
import { CHANGES, changesOf, VERSIONS } from "../../../impl/versions.js";
import { impl } from "../index.js";
import { trampolinesOf, trampolineWords } from "./trampoline-versions.js";
import { askedOf, wordsOf } from "./versions.js";

const every = VERSIONS.flatMap((version) =>
  askedOf(version).map(({ asked, expected }) => [asked.name, version, asked, expected] as const),
);

test.each(every)("%s on Linux %s", (_name, version, asked, expected) => {
  expect(wordsOf(impl, asked, linuxEnv(version))).toBe(expected);
});

test.each(CHANGES.map(({ id, from }) => [id, from] as const))(
  "without the change %s the images of %s differ",
  (id, from) => {
    const env = { ...linuxEnv(from), changes: { ...changesOf(from), [id]: false } };
    const isOther =
      askedOf(from).some(({ asked, expected }) => wordsOf(impl, asked, env) !== expected) ||
      trampolinesOf(from).some((made) => trampolineWords(made, env) !== made.words);
    expect(isOther).toBe(true);
  },
);

test.each(VERSIONS.filter((version) => trampolinesOf(version).length > 0))("trampolines on Linux %s", (version) => {
  for (const made of trampolinesOf(version)) expect(trampolineWords(made, linuxEnv(version))).toBe(made.words);
});
