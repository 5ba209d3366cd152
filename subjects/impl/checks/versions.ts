// Functions word for word as JITs of later kernels compile them (`versions.json`: asked of Debian's images, one form or more
// for each change of `impl/versions.ts`). Generated cases run the code of one version; what the others do otherwise is here.

import { readFileSync } from "node:fs";
import { type JitEnv, linuxEnv } from "../../../impl/jit/env.js";
import { VERSIONS, type Version } from "../../../impl/versions.js";
import { hexWord } from "../../../spec/bits.js";
import { decode, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { fn, IMAGE } from "../../directed-case.js";
import type { DirectedCase, JitFunction, Subject } from "../../subject.js";

interface Asked {
  readonly name: string;
  /** Hex of the instructions, 8 bytes each. */
  readonly insns: string;
  /** Bytes. */
  readonly stackDepth: number;
  readonly arena?: true;
  readonly privateStack?: true;
  readonly stackArguments?: number;
  readonly exceptionCallback?: true;
  readonly exceptionBoundary?: true;
  /** Code, and behind a bar the exception table; nothing if it is refused. */
  readonly images: readonly { readonly versions: readonly Version[]; readonly words: string }[];
}

/** Where the images were asked for. */
const ADDRESS = 0x8000_8400_0048;
const PRIVATE_STACK = { high: 0xffff_0000, low: 0x1234_5010 };
const ARENA = { kernelBase: { high: 0xffff_8002, low: 0x8000 }, userBase: { high: 0x7f12, low: 0 } };
const ENTRY_BYTES = 12;

/** Read when it is first asked for. */
let table: readonly Asked[] | undefined;

/** Every function, with what a version makes of it. */
export function askedOf(version: Version): readonly { readonly asked: Asked; readonly expected: string }[] {
  table ??= JSON.parse(readFileSync(new URL("./versions.json", import.meta.url), "utf8")) as readonly Asked[];
  return table.flatMap((asked) =>
    asked.images.flatMap(({ versions, words }) => (versions.includes(version) ? [{ asked, expected: words }] : [])),
  );
}

/** As `expected` above is written. */
export function wordsOf({ compile }: Pick<Subject, "compile">, asked: Asked, env: JitEnv): string {
  const compiled = compile([functionOf(asked)], env, () => ADDRESS);
  if (!compiled.ok) return compiled.error.kind === "unknownOpcode" ? "" : compiled.error.kind;
  const { image, jitedBytes, tableBytes, entries } = compiled.images[0]!;
  const hex = (from: number, to: number): string =>
    Array.from(new Uint32Array(image.slice(from, to).buffer), hexWord).join(" ");
  const table = entries === 0 ? "" : ` | ${hex(tableBytes, tableBytes + ENTRY_BYTES * entries)}`;
  return `${hex(0, jitedBytes)}${table}`;
}

function functionOf({ insns, images: _, name: __, arena, privateStack, ...facts }: Asked): JitFunction {
  const decoded = decode(Uint8Array.from(Buffer.from(insns, "hex")), "kernel");
  if (!decoded.ok) throw new Error(decoded.error.message);
  return {
    ...facts,
    insns: decoded.value,
    index: facts.exceptionCallback === true ? 1 : 0,
    ...(arena && { arena: ARENA }),
    ...(privateStack && { privateStack: PRIVATE_STACK }),
  };
}

const OF_VERSIONS: readonly DirectedCase[] = VERSIONS.map((version) => ({
  name: `functions word for word, as Linux ${version} compiles them`,
  check(subject) {
    for (const { asked, expected } of askedOf(version)) {
      const got = wordsOf(subject, asked, linuxEnv(version));
      if (got !== expected) return `${asked.name} becomes ${got || "nothing"}, expected ${expected || "nothing"}`;
    }
    return undefined;
  },
}));

const EXIT = insn(rowById("exit"));
const STORE = insn(rowById("stxdw"), { dst: 10, src: 1, off: -8 });

const PRIVATE_STACK_UNKNOWN: DirectedCase = {
  name: "a JIT that knows no private stack takes the kernel's",
  check(subject) {
    const images = [{ ...fn(0, STORE, EXIT), stackDepth: 8 }].flatMap((plain) =>
      [plain, { ...plain, privateStack: PRIVATE_STACK }].map((one) =>
        subject.compile([one], linuxEnv("6.16"), () => IMAGE),
      ),
    );
    const [plain, told] = images.map(
      (compiled) => compiled.ok && Array.from(compiled.images[0]!.image, hexWord).join(),
    );
    return plain !== false && told === plain ? undefined : `it makes ${told}, and ${plain} without one`;
  },
};

/** From R11, which is the base of arguments beyond five; in bytes. */
const NO_ARGUMENTS = [
  ["ldxdw", 0, "the function's own are above"],
  ["ldxdw", -8, "those of a call are stored only"],
  ["ldxdw", 4, "they have 8 bytes each"],
  ["stxdw", 8, "the function's own are loaded only"],
  ["stdw", -12, "they have 8 bytes each"],
] as const;

const BAD_ARGUMENTS: DirectedCase = {
  name: "refused: an argument beyond five at a place that has none",
  check(subject) {
    for (const [row, off, why] of NO_ARGUMENTS) {
      const access = insn(rowById(row), { [row === "ldxdw" ? "src" : "dst"]: 11, off });
      const compiled = subject.compile([{ ...fn(0, access, EXIT), stackArguments: 8 }], linuxEnv("7.2"), () => IMAGE);
      const isRefused = !compiled.ok && compiled.error.kind === "badArgument";
      if (!isRefused) return `${row} at r11 ${off}: ${why}, but ${compiled.ok ? "it compiles" : compiled.error.kind}`;
    }
    return undefined;
  },
};

/** Before there are any, R11 is the scratch register, through which code that a verifier has made may load. */
const ARGUMENTS_UNKNOWN: DirectedCase = {
  name: "an argument beyond five is refused where there is none yet, and a load through the scratch register is not",
  check(subject) {
    const access = insn(rowById("ldxdw"), { src: 11, off: 8 });
    const made = (more: object): ReturnType<typeof subject.compile> =>
      subject.compile([{ ...fn(0, access, EXIT), ...more }], linuxEnv("7.1"), () => IMAGE);
    const [argument, load] = [made({ stackArguments: 0 }), made({})];
    if (argument.ok || argument.error.kind !== "unknownOpcode") {
      return `an argument beyond five: ${argument.ok ? "it compiles" : argument.error.kind}`;
    }
    return load.ok ? undefined : `a load through r11: ${load.error.kind}`;
  },
};

export const LATER: readonly DirectedCase[] = [...OF_VERSIONS, PRIVATE_STACK_UNKNOWN, BAD_ARGUMENTS, ARGUMENTS_UNKNOWN];
