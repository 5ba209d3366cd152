// Program text to slots, in either syntax, with errors that name the line, what was expected and what came.

import { type Dialect, type Insn, insn } from "../insn.js";
import { rowById } from "../isa.js";
import type { Operands } from "./slot.js";
import { SYNTAXES, type Syntax, type SyntaxName } from "./syntax.js";
import { match } from "./template.js";
import { isWord, type Read, signedNumber, type Token, textError, tokenize } from "./token.js";

export interface ParseOptions {
  /** `auto`, the default, decides by the first line that only one of them can have written, and else for `llvm`. */
  readonly syntax?: SyntaxName | "auto";
  /** `kernel` also reads the forms, the register r11 and the `{off=3}` remarks of the kernel dialect. */
  readonly dialect?: Dialect;
}

interface Line {
  readonly number: number;
  readonly tokens: readonly Token[];
}
/** A branch whose label is not resolved yet. */
interface Pending {
  readonly pc: number;
  readonly label: string;
  readonly line: number;
}
interface Draft {
  readonly program: Insn[];
  readonly labels: Map<string, number>;
  readonly pending: Pending[];
}

/** Read a program: one instruction a line, `name:` before it or on its own, comments after `;`, `//` or `#`. */
export function parse(text: string, options: ParseOptions = {}): Read<readonly Insn[]> {
  const lines = text.split("\n").map((source, i): Line => ({ number: i + 1, tokens: tokenize(source) }));
  const syntax = SYNTAXES[options.syntax === undefined || options.syntax === "auto" ? detect(lines) : options.syntax];
  const draft: Draft = { program: [], labels: new Map(), pending: [] };
  for (const line of lines) {
    const failed = readLine(line, syntax, options.dialect ?? "rfc", draft);
    if (failed !== undefined) return failed;
  }
  return link(draft, syntax);
}

function readLine(line: Line, syntax: Syntax, dialect: Dialect, draft: Draft): Refusal | undefined {
  let { tokens } = line;
  while (tokens[1]?.text === ":" && isWord(tokens[0]?.text ?? "")) {
    const name = tokens[0]?.text ?? "";
    if (draft.labels.has(name)) return textError(line.number, `label "${name}" is defined twice`, tokens[0]?.column);
    draft.labels.set(name, draft.program.length);
    tokens = tokens.slice(2);
  }
  if (tokens.length === 0) return undefined;
  const remark = dialect === "kernel" ? readRemark(tokens) : undefined;
  const body = remark === undefined ? tokens : tokens.slice(0, remark.at);
  const found = match(syntax.tree[dialect], body, syntax.spelling[dialect]);
  if (!found.ok) {
    const token = body[found.at];
    const refused = REFUSED_WORDS.get((body[0]?.text ?? "").toLowerCase());
    if (refused !== undefined) return textError(line.number, `${refused}, which is not supported`, body[0]?.column);
    if (dialect === "rfc" && match(syntax.tree.kernel, body, syntax.spelling.kernel).ok) {
      return textError(line.number, "this form exists in the kernel dialect only", body[0]?.column);
    }
    const shownToken = token === undefined ? "the end of the line" : `"${shown(body, found.at)}"`;
    return textError(line.number, `expected ${found.expected}, got ${shownToken}`, token?.column);
  }
  const { label, high, ...fields } = found.operands;
  if (label !== undefined) draft.pending.push({ pc: draft.program.length, label, line: line.number });
  draft.program.push(insn(found.row, { ...fields, ...remark?.operands }));
  if (found.row.kind === "lddw") draft.program.push(insn(rowById("lddw high"), { imm: high ?? 0 }));
  return undefined;
}

/** What the opcodes of `REFUSED` in isa.ts are called in text, where they are called anything. */
const REFUSED_WORDS: ReadonlyMap<string, string> = new Map([
  ["callx", "callx is a call through a register"],
  ...["ldabsdw", "ldinddw"].map((name): [string, string] => [name, `${name} is a load of 8 bytes of the packet`]),
]);

type Refusal = ReturnType<typeof textError>;

const SHOWN = 40;
/** A token as it is shown in an error: a sign together with what it belongs to, and not more than fits a line. */
function shown(tokens: readonly Token[], at: number): string {
  const text = tokens[at]?.text ?? "";
  const all = text === "-" || text === "+" ? `${text}${tokens[at + 1]?.text ?? ""}` : text;
  return all.length > SHOWN ? `${all.slice(0, SHOWN)}...` : all;
}

/** The ` {off=3, imm=-1}` that `print` puts after an instruction with reserved fields that are not zero. */
function readRemark(tokens: readonly Token[]): { readonly at: number; readonly operands: Operands } | undefined {
  const at = tokens.findIndex(({ text }) => text === "{");
  if (at < 0 || tokens.at(-1)?.text !== "}") return undefined;
  const inside = tokens.slice(at + 1, -1).map(({ text }) => text);
  const fields: Record<string, number> = {};
  for (const part of inside.join("").split(",")) {
    const [, field, sign, digits] = /^(dst|src|off|imm)=(-?)(\d+)$/.exec(part) ?? [];
    const value = signedNumber(digits ?? "", sign === "-", field === "imm" ? 32 : 16);
    if (field === undefined || value === undefined) return undefined;
    fields[field] = Number(value);
  }
  return { at, operands: fields };
}

/** Replace labels by distances. */
function link({ program, labels, pending }: Draft, syntax: Syntax): Read<readonly Insn[]> {
  // The conformance suite jumps to `exit` without defining it: the last exit of the program.
  const implicit = program.findLastIndex(({ row }) => row.kind === "exit");
  if (syntax.name === "mnemonic" && implicit >= 0 && !labels.has("exit")) labels.set("exit", implicit);
  for (const { pc, label, line } of pending) {
    const target = labels.get(label);
    if (target === undefined) return textError(line, `label "${label}" is not defined`);
    const distance = target - pc - 1;
    const branch = program[pc] as Insn;
    const field = branch.row.off === "branch" ? "off" : "imm";
    if (field === "off" && distance !== (distance << 16) >> 16) {
      return textError(line, `label "${label}" is ${distance} slots away, expected -32768..32767`);
    }
    program[pc] = { ...branch, [field]: distance };
  }
  return { ok: true, value: program };
}

/** Words that begin a line in one syntax only decide; `call`, `exit` and `lock` begin lines in both. */
function detect(lines: readonly Line[]): SyntaxName {
  for (const { tokens } of lines) {
    const start = tokens.findLastIndex(({ text }, i) => text === ":" && i % 2 === 1) + 1;
    const [first, second] = [tokens[start]?.text ?? "", tokens[start + 1]?.text ?? ""];
    if (first === "" || first === "exit") continue;
    if (first === "gotox") {
      if (second.startsWith("%")) return "mnemonic";
      continue;
    }
    if (first === "call" || first === "lock") {
      if (second === "local" || (first === "lock" && isWord(second))) return "mnemonic";
      if (first === "lock" || second === "pc") return "llvm";
      continue;
    }
    return !SYNTAXES.llvm.tree.kernel.words.has(first) && SYNTAXES.mnemonic.tree.kernel.words.has(first)
      ? "mnemonic"
      : "llvm";
  }
  return "llvm";
}
