// What makes two cases the same case: the bytes of the programs, what they run on, and what is expected of them. Titles,
// notes and the way of writing do not count, so that an id lives through a change of the text syntax.

import { createHash } from "node:crypto";
import type { CaseFile } from "../../properties/cases/program/text.js";
import { encode } from "../../spec/bpf/insn.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** 12 hexadecimal digits. */
export function contentId({ program, inputs, env, expect, oracle }: Omit<CaseFile, "id" | "title" | "notes">): string {
  const content = {
    code: program.code.map((code) => hex(encode(code))),
    maps: program.maps.map((map) =>
      map.kind === "progArray"
        ? ["progs", map.entries, ...map.programs.map((target) => target ?? null)]
        : [map.kind, map.keyBytes, map.valueBytes, map.entries],
    ),
    context: program.context,
    inputs: inputs.map(hex),
    env: Object.entries(env)
      .filter(([, value]) => value !== undefined && value !== 0 && value !== false)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
    expect: expect.map((r0) => r0.toString(16)),
    oracle: oracle ?? null,
  };
  return createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);
}
