// Cases in forms that other projects read: a file of the BPF conformance suite, and raw instructions. What such a form
// cannot say is a reason to refuse, not to leave something out.

import { FUEL } from "../../properties/cases/program/check.js";
import type { CaseFile } from "../../properties/cases/program/text.js";
import { hex64 } from "../../spec/bits.js";
import { encode } from "../../spec/bpf/insn.js";
import { interpret } from "../../spec/bpf/interpret.js";
import { print } from "../../spec/bpf/text/print.js";
import { layoutOf } from "../../subjects/run/layout.js";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";

/** A file of the conformance suite. One program, one input, nothing that the suite's runner does not have. */
export function dataOf(file: string, c: CaseFile): Loaded<string> {
  const { code, maps, context } = c.program;
  const insns = code[0] ?? [];
  const [input] = c.inputs;
  if (code.length !== 1) return refuse(cannot(file, "one program", `${code.length} programs`));
  if (maps.length > 0 || context !== "memory") return refuse(cannot(file, "memory as the context", "maps or a packet"));
  if (input === undefined || c.inputs.length > 1) return refuse(cannot(file, "one input", `${c.inputs.length} inputs`));
  if (insns.some(({ row }) => row.kind === "call" && row.target !== "local")) {
    return refuse(cannot(file, "local calls only", "calls of the kernel"));
  }
  const outcome = interpret({ program: c.program, input, layout: layoutOf(c.program, input.length), fuel: FUEL });
  if (outcome.kind !== "returned") return refuse(cannot(file, "a program that returns", `it ${outcome.kind}`));
  const lines = [
    ...(c.title === undefined ? [] : [`# ${c.title}`]),
    "-- asm",
    print(insns, { syntax: "mnemonic" }).trimEnd(),
    ...(input.length === 0 ? [] : ["-- mem", ...hexLines(input)]),
    "-- result",
    hex64(outcome.r0),
  ];
  return loaded(lines.map((line) => `${line}\n`).join(""));
}

const BYTES_A_LINE = 16;
const hexLines = (bytes: Uint8Array): string[] =>
  Array.from({ length: Math.ceil(bytes.length / BYTES_A_LINE) }, (_, line) =>
    Array.from(bytes.subarray(line * BYTES_A_LINE, (line + 1) * BYTES_A_LINE), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join(" "),
  );

/** The instructions' bytes. */
export function rawOf(file: string, { program }: CaseFile): Loaded<Uint8Array> {
  const [code] = program.code;
  if (code === undefined || program.code.length > 1) {
    return refuse(cannot(file, "one program", `${program.code.length} programs`));
  }
  return loaded(encode(code));
}

const cannot = (subject: string, expected: string, got: string): BadInput => ({
  subject,
  expected: `${expected} in that form`,
  got,
  next: "export it as text",
});
