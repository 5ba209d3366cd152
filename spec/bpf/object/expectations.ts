// What a kernel self-test says about each of its programs, in tags on the function's declaration: whether Linux loads it,
// what it returns, and what its code looks like on an architecture. Source: the documentation in
// tools/testing/selftests/bpf/progs/bpf_misc.h, whose macros make the tags.

import type { Btf } from "../../btf/btf.js";

interface Expectation {
  /** Whether Linux loads it; absent where the file does not say. */
  readonly loads?: boolean;
  /** The low 32 bits of r0, signed; `any` for a pointer. */
  readonly returns?: number | "any";
  /** Of its packet, the bytes that lie in one piece; absent: all. */
  readonly linearBytes?: number;
  /** It is a part of other tests. */
  readonly isPart: boolean;
  /** Architectures that it is for; empty: all. */
  readonly architectures: readonly string[];
  /** Lines that the code of arm64 must have, one behind the other, but for where `...` says that others may lie between. */
  readonly code: readonly string[];
}

/** Bytes of the packet that the self-tests' runner gives. */
export const TEST_DATA_BYTES = 64;

/** Tags may carry a number that says their order: before the word, or in older files before the text of a line. */
const PREFIX = /^comment:(?:(\d+):)?/;
const ORDER = /^test_jited=(\d+)=/;
const OURS = "ARM64";
const WORDS: Readonly<Record<string, number | "any">> = {
  ...{ POINTER_VALUE: "any", "0xbadcafe": "any", TEST_DATA_LEN: TEST_DATA_BYTES },
  ...{ INT_MIN: -0x8000_0000, _INT_MIN: -0x8000_0000 },
};

interface Tag {
  readonly name: string;
  /** Behind the prefix. */
  readonly text: string;
  readonly order: number;
}

/** By name of the function. Only functions with a tag of the self-tests are there. */
export function expectationsOf(btf: Btf): ReadonlyMap<string, Expectation> {
  const tags = btf.tags().flatMap(({ text, type, component }): readonly Tag[] => {
    const prefix = PREFIX.exec(text);
    if (component !== -1 || btf.kind(type) !== "func" || prefix === null) return [];
    const said = text.slice(prefix[0].length);
    const order = Number(prefix[1] ?? ORDER.exec(said)?.[1] ?? -1);
    return [{ name: btf.name(type), text: said.replace(ORDER, "test_jited="), order }];
  });
  const found = new Map<string, Expectation>();
  for (const { name, text } of tags.sort((a, b) => a.order - b.order)) {
    const known = found.get(name) ?? { isPart: false, architectures: [], code: [] };
    found.set(name, { ...known, ...said(text, known) });
  }
  return found;
}

function said(tag: string, { architectures, code }: Expectation): Partial<Expectation> {
  const [key, ...rest] = tag.split("=");
  const value = rest.join("=");
  switch (key) {
    // A line is for the architecture that was named last.
    case "test_jited":
      return architectures.at(-1) === OURS ? { code: [...code, value] } : {};
    case "test_expect_success":
      return { loads: true };
    case "test_expect_failure":
      return { loads: false };
    case "test_auxiliary":
      return { isPart: true };
    case "test_arch":
      return { architectures: [...architectures, value] };
    case "test_linear_size":
      return { linearBytes: Number(value) };
    case "test_retval": {
      const returns = WORDS[value] ?? Number(value.replace(/^-/, ""));
      return {
        returns: returns === "any" || WORDS[value] !== undefined || !value.startsWith("-") ? returns : -returns,
      };
    }
    default:
      return {};
  }
}
