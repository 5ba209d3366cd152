// Programs in forms that other projects read: a file of the BPF conformance suite, and raw instructions. What such a form
// cannot say is a reason to refuse, not to leave something out.

import { hex64 } from "../../../spec/bits.js";
import { encode } from "../../../spec/bpf/insn.js";
import { interpret } from "../../../spec/bpf/interpret.js";
import { print } from "../../../spec/bpf/text/print.js";
import type { Case } from "../../../subjects/case.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import type { Head } from "../header.js";
import type { Exported } from "../kind.js";
import { FUEL } from "./report.js";

/** A file of the conformance suite. One program, one input, nothing that the suite's runner does not have. */
export function dataOf(c: Case, { title }: Head): Exported {
  const { code, maps, context } = c.program;
  const insns = code[0] ?? [];
  const [input] = c.inputs;
  const refused = (expected: string, got: string): Exported => ({ expected, got });
  if (code.length !== 1) return refused("one program", `${code.length} programs`);
  if (maps.length > 0 || context !== "memory") return refused("memory as the context", "maps or a packet");
  if (input === undefined || c.inputs.length > 1) return refused("one input", `${c.inputs.length} inputs`);
  if (insns.some(({ row }) => row.kind === "call" && row.target !== "local")) {
    return refused("local calls only", "calls of the kernel");
  }
  const outcome = interpret({ program: c.program, input, layout: layoutOf(c.program, input.length), fuel: FUEL });
  if (outcome.kind !== "returned") return refused("a program that returns", `it ${outcome.kind}`);
  const lines = [
    ...(title === undefined ? [] : [`# ${title}`]),
    "-- asm",
    print(insns, { syntax: "mnemonic" }).trimEnd(),
    ...(input.length === 0 ? [] : ["-- mem", ...hexLines(input)]),
    "-- result",
    hex64(outcome.r0),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

const BYTES_A_LINE = 16;
const hexLines = (bytes: Uint8Array): string[] =>
  Array.from({ length: Math.ceil(bytes.length / BYTES_A_LINE) }, (_, line) =>
    Array.from(bytes.subarray(line * BYTES_A_LINE, (line + 1) * BYTES_A_LINE), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join(" "),
  );

/** The instructions' bytes. */
export function rawOf({ program: { code } }: Case): Exported {
  return code.length === 1 ? encode(code[0]!) : { expected: "one program", got: `${code.length} programs` };
}
