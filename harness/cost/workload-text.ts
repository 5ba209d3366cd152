// The text of a workload, read. See `workload.ts` for what it means.

import { type Loaded, loaded, refuse } from "../bad-input.js";
import { type Amount, CONTENTS, type Name, type Repeat, type Workload, type WorkNode } from "./workload.js";

/** Steps of one workload, whatever it repeats. */
const MAX_STEPS = 4_000_000;
const MAX_NESTING = 8;

/**
 * ```
 * # what it is about
 * load NAME SLOTS moves|maps|calls|mixed
 * free NAME|any
 * attach NAME PROGRAM...
 * detach NAME
 * repeat ROUNDS
 *   ...
 * end
 * ```
 * SLOTS is a number, `FROM..TO` (drawn by the seed) or, with `%` for the round, `%`, `%+2`, `%-1`; a name may end in one of
 * these too.
 */
export function parseWorkload(file: string, name: string, text: string): Loaded<Workload> {
  const root: Repeat = { kind: "repeat", rounds: 1, body: [] };
  const open: Repeat[] = [root];
  const about: string[] = [];
  const wrong = (at: number, expected: string, got: string): Loaded<Workload> =>
    refuse({ subject: `${file}:${at + 1}`, expected, got: got.slice(0, 80) || "nothing", next: "correct the line" });
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.replace(/#.*/, "").trim().split(/\s+/);
    if (words[0] === "") {
      if (root.body.length === 0 && line.startsWith("#")) about.push(line.slice(1).trim());
      continue;
    }
    const into = open.at(-1)!;
    if (words[0] === "end" && words.length === 1) {
      if (open.length === 1) return wrong(at, "an open `repeat`", line);
      open.pop();
      continue;
    }
    const node = parseLine(words);
    if (node === undefined) return wrong(at, "load, free, attach, detach, repeat or end with their words", line.trim());
    if (open.length === 1 && mentionsRound(node)) return wrong(at, "`%` only inside a `repeat`", line.trim());
    into.body.push(node);
    if (node.kind !== "repeat") continue;
    open.push(node);
    if (open.length > MAX_NESTING) return wrong(at, `at most ${MAX_NESTING} repeats in each other`, "more");
  }
  if (open.length > 1) return wrong(text.split("\n").length - 1, "`end` of each `repeat`", "the end of the file");
  const steps = countSteps(root);
  if (steps > MAX_STEPS) return wrong(0, `at most ${MAX_STEPS} steps`, `${steps}`);
  if (steps === 0) return wrong(0, "at least one step", "none");
  return loaded({ name, about: about.join(" "), body: root.body });
}

function parseLine(words: readonly string[]): WorkNode | undefined {
  const [verb, ...rest] = words;
  const all = rest.map(parseName);
  const name = all[0];
  switch (verb) {
    case "load": {
      const [from, to] = parseRange(rest[1] ?? "");
      const contents = CONTENTS.find((known) => known === rest[2]);
      if (rest.length !== 3 || name === undefined || from === undefined || contents === undefined) return undefined;
      return { kind: "load", name, from, to: to ?? from, contents };
    }
    case "free":
      if (rest.length !== 1) return undefined;
      return name && { kind: "free", name: rest[0] === "any" ? undefined : name };
    case "attach": {
      const programs = all.slice(1).filter((program) => program !== undefined);
      if (name === undefined || programs.length === 0 || programs.length !== rest.length - 1) return undefined;
      return { kind: "attach", name, programs };
    }
    case "detach":
      return rest.length === 1 && name !== undefined ? { kind: "detach", name } : undefined;
    case "repeat": {
      const rounds = /^\d{1,7}$/.test(rest[0] ?? "") ? Number(rest[0]) : 0;
      return rest.length === 1 && rounds > 0 ? { kind: "repeat", rounds, body: [] } : undefined;
    }
    default:
      return undefined;
  }
}

function parseAmount(text: string): Amount | undefined {
  const match = /^(%)?([+-]?\d{1,7})?$/.exec(text);
  if (match === null || text === "" || (match[1] === undefined && /^[+-]/.test(text))) return undefined;
  return { perRound: match[1] !== undefined, plus: Number(match[2] ?? 0) };
}

const parseRange = (text: string): (Amount | undefined)[] => text.split("..", 2).map(parseAmount);

function parseName(word: string): Name | undefined {
  const match = /^([A-Za-z][\w.]{0,63})(%(?:[+-]\d{1,7})?)?$/.exec(word);
  return match === null
    ? undefined
    : { text: match[1]!, round: match[2] === undefined ? undefined : parseAmount(match[2]) };
}

function mentionsRound(node: WorkNode): boolean {
  if (node.kind === "repeat") return false;
  const names = [node.name, ...(node.kind === "attach" ? node.programs : [])];
  return (
    names.some((name) => name?.round !== undefined) ||
    (node.kind === "load" && (node.from.perRound || node.to.perRound))
  );
}

const countSteps = ({ rounds, body }: Repeat): number =>
  rounds * body.reduce((n, node) => n + (node.kind === "repeat" ? countSteps(node) : 1), 0);
