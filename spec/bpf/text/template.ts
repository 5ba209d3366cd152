// A template is one line of text with slots, as `{dst} += {src}`. A syntax is a list of templates for every row of the
// table; printing fills a template in, parsing walks a tree of all of them. Since both directions read the same
// templates, they cannot drift apart; that the templates are right is vouched for from outside (LLVM, the conformance
// suite).

import type { Row } from "../isa.js";
import { type Operands, SLOTS, type Slot, type Spelling } from "./slot.js";
import { type Token, tokenize } from "./token.js";

export interface Template {
  readonly row: Row;
  readonly text: string;
  readonly slots: ReadonlySet<string>;
}

const SLOT = /\{(\w+)\}/g;

export const template = (row: Row, text: string): Template => ({
  row,
  text,
  slots: new Set([...text.matchAll(SLOT)].map((match) => match[1] ?? "")),
});

/** The template with its slots filled in. */
export function fill({ text }: Template, operands: Operands, spelling: Spelling): string {
  return text.replace(SLOT, (_, name: string) => slotOf(name).print(operands, spelling));
}

function slotOf(name: string): Slot {
  const slot = SLOTS.get(name);
  if (slot === undefined) throw new RangeError(`a template has a slot {${name}}, which slot.ts does not know`);
  return slot;
}

/** What all templates with a common beginning go on with. */
export interface Node {
  row: Row | undefined;
  readonly words: Map<string, Node>;
  readonly slots: Map<string, Node>;
}

const node = (): Node => ({ row: undefined, words: new Map(), slots: new Map() });

/** All templates as one tree of tokens. Of two templates with the same text the first counts. */
export function tree(templates: readonly Template[]): Node {
  const root = node();
  for (const { row, text } of templates) {
    let at = root;
    for (const part of text.split(/(\{\w+\})/)) {
      if (part.startsWith("{")) at = child(at.slots, part.slice(1, -1));
      else for (const token of tokenize(part)) at = child(at.words, token.text);
    }
    at.row ??= row;
  }
  return root;
}

function child(children: Map<string, Node>, key: string): Node {
  const known = children.get(key);
  if (known !== undefined) return known;
  const made = node();
  children.set(key, made);
  return made;
}

type Match =
  | { readonly ok: true; readonly row: Row; readonly operands: Operands }
  /** `at` is the index of the token that nothing expected, which may be one past the last. */
  | { readonly ok: false; readonly at: number; readonly expected: string };

/** Find the template that a line is an instance of, or how far any template fits and what it expects there. */
export function match(root: Node, tokens: readonly Token[], spelling: Spelling): Match {
  let furthest = 0;
  let expectations: Expectation[] = [];
  const expected = (at: number, text: string, likeness: number): void => {
    if (at < furthest) return;
    if (at > furthest) expectations = [];
    furthest = at;
    expectations.push({ text, likeness });
  };

  function walk(here: Node, at: number, operands: Operands): { row: Row; operands: Operands } | undefined {
    if (at === tokens.length && here.row !== undefined) return { row: here.row, operands };
    const text = tokens[at]?.text ?? "";
    const next = here.words.get(text);
    const found = next && walk(next, at + 1, operands);
    if (found !== undefined) return found;
    for (const [name, after] of here.slots) {
      const slot = slotOf(name);
      const read = slot.read(tokens, at, spelling);
      const again = read && conflict(operands, read.operands);
      if (read === undefined) expected(at, slot.expects(spelling), slot.likeness(text));
      else if (again !== undefined) expected(at, `${slot.print(operands, spelling)} again`, 3);
      else {
        const inner = walk(after, read.next, { ...operands, ...read.operands });
        if (inner !== undefined) return inner;
      }
    }
    for (const word of here.words.keys()) if (word !== text) expected(at, `"${word}"`, 0);
    if (here.row !== undefined) expected(at, "the end of the line", 0);
    return undefined;
  }

  const found = walk(root, 0, {});
  return found !== undefined
    ? { ok: true, ...found }
    : { ok: false, at: furthest, expected: furthest === 0 ? firstWord(expectations) : list(expectations) };
}

const FIELDS = ["dst", "src", "off", "imm", "high"] as const;
const conflict = (before: Operands, now: Operands): string | undefined =>
  FIELDS.find((field) => before[field] !== undefined && now[field] !== undefined && before[field] !== now[field]);

interface Expectation {
  readonly text: string;
  readonly likeness: number;
}
const SHOWN = 10;
const likest = (expectations: readonly Expectation[]): number => Math.max(0, ...expectations.map((e) => e.likeness));

function list(expectations: readonly Expectation[]): string {
  const most = likest(expectations);
  const all = [...new Set(expectations.filter((e) => e.likeness === most).map(({ text }) => text))];
  const shown = all.slice(0, SHOWN);
  const last = all.length > SHOWN ? "..." : shown.length > 1 ? shown.pop() : undefined;
  return last === undefined ? shown.join(", ") : `${shown.join(", ")} or ${last}`;
}

const firstWord = (expectations: readonly Expectation[]): string =>
  likest(expectations) > 0 ? list(expectations) : "an instruction";
