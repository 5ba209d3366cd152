// A history as text, one line an action, for people to read and for files that are replayed: `load #1 (r0 = 2 .., 24 insns,
// 192 B); copy 1 fails`, `free #1 (192 B)`. Bytes are told for the reader and not read back. Above the actions stand
// `key: value` lines: what the history shows, and the options that are not the default ones.

import { QUIRKS, type QuirkId } from "../../../impl/quirks.js";
import {
  type Action,
  type CaseProgram,
  DEFAULT_OPTIONS,
  type History,
  type HistoryOptions,
  isCaseProgram,
} from "../../../subjects/action.js";
import { ORACLES } from "../../oracles/index.js";
import { parseAction, parseCaseLoad, printAction } from "./action-text.js";
import { blockEnd, parseBlock, printBlock } from "./case-block.js";
import { SizeBook } from "./size-book.js";

/** What a file says about its history. */
export interface About {
  readonly title: string;
  /** The oracle that it is about. */
  readonly oracle: string | undefined;
  /** `breach`: that oracle must object. `pass`: none may. */
  readonly expect: "pass" | "breach";
  readonly notes: readonly string[];
}
export interface HistoryFile extends History {
  readonly about: About;
}
export type ParsedHistory =
  | { readonly ok: true; readonly value: HistoryFile }
  /** Lines count from 1. */
  | { readonly ok: false; readonly error: { readonly line: number; readonly message: string } };

/** What the stage of generated programs is made for. */
const CASE_PAGE_BYTES = 4096;
/** No history that is worth replaying is longer. */
const MOST_ACTIONS = 10_000;

export function printHistory({ options, actions, about }: HistoryFile): string {
  const { profile, except, images, packBytes, pageBytes, cpus, packsBeyondBranchRange, limit } = options;
  const defaults = DEFAULT_OPTIONS;
  const head: (readonly [string, string | undefined])[] = [
    ["title", about.title],
    ["oracle", about.oracle],
    ["expect", about.expect],
    ["profile", profile],
    ...except.map((quirk): [string, string] => ["quirk", quirk]),
    ["images", images === defaults.images ? undefined : images],
    ["pack", packBytes === defaults.packBytes ? undefined : `${packBytes} B`],
    ["page", pageBytes === defaults.pageBytes ? undefined : `${pageBytes} B`],
    ["cpus", cpus === defaults.cpus ? undefined : `${cpus}`],
    ["apart", packsBeyondBranchRange === defaults.packsBeyondBranchRange ? undefined : "yes"],
    ["limit", limit === defaults.limit ? undefined : `${limit} B`],
    ...about.notes.map((note): [string, string] => ["note", note]),
  ];
  const lines = head.flatMap(([key, value]) => (value === undefined ? [] : [`${`${key}:`.padEnd(9)}${value}`]));
  return [...lines, "", ...printActions(actions, options), ""].join("\n");
}

/** The text of each: a line, and for a generated program the lines below it. */
export function printActions(actions: readonly Action[], options: HistoryOptions): readonly string[] {
  const sizes = new SizeBook(options);
  return actions.map((action) => {
    const line = printAction(action, sizes.bytesOf(action));
    const hasBlock = action.kind === "load" && isCaseProgram(action.program);
    return hasBlock ? [line, ...printBlock(action.program as CaseProgram)].join("\n") : line;
  });
}

export function parseHistory(text: string): ParsedHistory {
  const head = new Head();
  const actions: Action[] = [];
  const lines = text.split(/\r?\n/);
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line === "" || line.startsWith("# ")) continue;
    const refuse = (message: string): ParsedHistory => ({ ok: false, error: { line: i + 1, message } });
    const key = /^([a-z]+):\s*(.*)$/.exec(line);
    if (key !== null) {
      const error = head.set(key[1]!, key[2]!, actions.length > 0);
      if (error !== undefined) return refuse(error);
      continue;
    }
    if (actions.length >= MOST_ACTIONS) return refuse(`more than ${MOST_ACTIONS} actions`);
    const load = parseCaseLoad(line);
    if (load === undefined || typeof load === "string") {
      const action = load ?? parseAction(line);
      if (typeof action === "string") return refuse(action);
      actions.push(action);
      continue;
    }
    const end = blockEnd(lines, i + 1);
    const block = parseBlock(lines, i + 1, end);
    if (!block.ok) return block;
    if (head.options.pageBytes !== CASE_PAGE_BYTES) {
      return refuse(`generated programs are for pages of ${CASE_PAGE_BYTES} B, not of ${head.options.pageBytes} B`);
    }
    actions.push({ ...load, program: block.value });
    i = end - 1;
  }
  if (actions.length === 0) return { ok: false, error: { line: 1, message: "no actions" } };
  return { ok: true, value: { options: head.options, actions, about: head.about } };
}

class Head {
  options: HistoryOptions = DEFAULT_OPTIONS;
  about: About = { title: "", oracle: undefined, expect: "pass", notes: [] };

  /** @returns what is wrong with it. */
  set(key: string, value: string, late: boolean): string | undefined {
    if (late) return `"${key}:" below the first action`;
    switch (key) {
      case "title":
        this.about = { ...this.about, title: value };
        return undefined;
      case "note":
        this.about = { ...this.about, notes: [...this.about.notes, value] };
        return undefined;
      case "oracle":
        this.about = { ...this.about, oracle: value };
        return ORACLES.some(({ name }) => name === value) ? undefined : `no oracle is called "${value}"`;
      case "expect":
        if (value !== "pass" && value !== "breach") return `expected "pass" or "breach", got "${value}"`;
        this.about = { ...this.about, expect: value };
        return undefined;
      default:
        return this.setOption(key, value);
    }
  }

  private setOption(key: string, value: string): string | undefined {
    const { options } = this;
    switch (key) {
      case "profile":
        if (value !== "linux-6.12" && value !== "fixed") return `no profile is called "${value}"`;
        this.options = { ...options, profile: value };
        return undefined;
      case "quirk":
        if (!QUIRKS.some(({ id }) => id === value)) return `no quirk is called "${value}"`;
        this.options = { ...options, except: [...options.except, value as QuirkId] };
        return undefined;
      case "images":
        if (value !== "packs" && value !== "pages") return `expected "packs" or "pages", got "${value}"`;
        this.options = { ...options, images: value };
        return undefined;
      case "apart":
        if (value !== "yes" && value !== "no") return `expected "yes" or "no", got "${value}"`;
        this.options = { ...options, packsBeyondBranchRange: value === "yes" };
        return undefined;
      default:
        return this.setNumber(key, value);
    }
  }

  private setNumber(key: string, value: string): string | undefined {
    const number = /^\d{1,9}( B)?$/.test(value) ? Number.parseInt(value, 10) : Number.NaN;
    const { options } = this;
    switch (key) {
      case "pack":
        if (!(number > 0 && number % 2048 === 0)) return `expected a multiple of 2048 B, got "${value}"`;
        this.options = { ...options, packBytes: number };
        return undefined;
      case "page":
        if (number !== 4096 && number !== 16384 && number !== 65536) return `no page has "${value}"`;
        this.options = { ...options, pageBytes: number };
        return undefined;
      case "cpus":
        if (!(number >= 2 && number <= 16)) return `expected 2 to 16 CPUs, got "${value}"`;
        this.options = { ...options, cpus: number };
        return undefined;
      case "limit":
        if (Number.isNaN(number)) return `expected bytes, got "${value}"`;
        this.options = { ...options, limit: number };
        return undefined;
      default:
        return `unknown key "${key}"`;
    }
  }
}
