// What JITs of later kernels made of a few functions: words asked of Debian's images, one form a change of `versions.ts`.

import { expect, test } from "vitest";
import { decode } from "../../spec/bpf/insn.js";
import { CHANGES, changesOf, type Version } from "../versions.js";
import { compileImages } from "./compile.js";
import { type JitEnv, linuxEnv } from "./env.js";
import type { JitFunction } from "./function.js";
import images from "./versions.json" with { type: "json" };

type Asked = (typeof images)[number];
const ADDRESS = 0x8000_8400_0048;
const PRIVATE = { high: 0xffff_0000, low: 0x1234_5010 };
const ARENA = { kernelBase: { high: 0xffff_8002, low: 0x8000 }, userBase: { high: 0x7f12, low: 0 } };

function functionOf(asked: Asked): JitFunction {
  const insns = decode(Uint8Array.from(Buffer.from(asked.insns, "hex")), "kernel");
  if (!insns.ok) throw new Error(insns.error.message);
  const { stackDepth } = asked;
  return {
    ...{ insns: insns.value, stackDepth, index: "exceptionCallback" in asked ? 1 : 0 },
    ...("arena" in asked ? { arena: ARENA } : {}),
    ...("privateStack" in asked ? { privateStack: PRIVATE } : {}),
    ...("stackArguments" in asked ? { stackArguments: asked.stackArguments } : {}),
    ...("exceptionCallback" in asked ? { exceptionCallback: true } : {}),
    ...("exceptionBoundary" in asked ? { exceptionBoundary: true } : {}),
  };
}

/** Code, and behind a bar the exception table; empty if it is refused. */
function words(asked: Asked, env: JitEnv): string {
  const compiled = compileImages([functionOf(asked)], env, () => ADDRESS);
  if (!compiled.ok) return "";
  const [{ image, jitedBytes, tableBytes, entries }] = compiled.images as [(typeof compiled.images)[number]];
  const hex = (from: number, to: number): string =>
    [...new Uint32Array(image.slice(from, to).buffer)].map((word) => word.toString(16).padStart(8, "0")).join(" ");
  const table = entries === 0 ? "" : ` | ${hex(tableBytes, tableBytes + 12 * entries)}`;
  return `${hex(0, jitedBytes)}${table}`;
}

const asked = images.flatMap((one) =>
  one.images.flatMap(({ versions, words: expected }) =>
    versions.map((version) => [one.name, version as Version, one, expected] as const),
  ),
);

test.each(asked)("%s on Linux %s", (_name, version, one, expected) => {
  expect(words(one, linuxEnv(version))).toBe(expected);
});

test.each(CHANGES.map(({ id, from }) => [id, from] as const))(
  "without the change %s the images of %s differ",
  (id, from) => {
    const env = { ...linuxEnv(from), changes: { ...changesOf(from), [id]: false } };
    const of = asked.filter(([, version]) => version === from);
    expect(of.some(([, , one, expected]) => words(one, env) !== expected)).toBe(true);
  },
);
