// A workload: what somebody does with BPF programs, as a list of loads, frees, attaches and detaches. It is written as text,
// the built-in ones in `workloads/`. Only what costs something is said of a program: its length, and what it is made of.

import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";

/** `moves`: random 32-bit constants. `maps`: loads of a map's address. `calls`: helper calls. `mixed`: a bit of all. */
export const CONTENTS = ["moves", "maps", "calls", "mixed"] as const;
export type Contents = (typeof CONTENTS)[number];

export type WorkStep =
  /** `slots`: instructions of 8 bytes, the exit included. */
  | { readonly kind: "load"; readonly name: string; readonly slots: number; readonly contents: Contents }
  /** Without a name: one of those that live, drawn by the seed. */
  | { readonly kind: "free"; readonly name: string | undefined }
  /** `programs` run when `name` is entered, before it. */
  | { readonly kind: "attach"; readonly name: string; readonly programs: readonly string[] }
  | { readonly kind: "detach"; readonly name: string };

/** A number, or one more or less than the round of the innermost `repeat`, counted from 1. */
export interface Amount {
  readonly perRound: boolean;
  readonly plus: number;
}
export interface Name {
  readonly text: string;
  /** Behind the text, a number of the round. */
  readonly round: Amount | undefined;
}
export type WorkNode =
  | {
      readonly kind: "load";
      readonly name: Name;
      readonly from: Amount;
      readonly to: Amount;
      readonly contents: Contents;
    }
  | { readonly kind: "free"; readonly name: Name | undefined }
  | { readonly kind: "attach"; readonly name: Name; readonly programs: readonly Name[] }
  | { readonly kind: "detach"; readonly name: Name }
  | Repeat;
export interface Repeat {
  readonly kind: "repeat";
  readonly rounds: number;
  readonly body: WorkNode[];
}

export interface Workload {
  readonly name: string;
  /** The comment at its head. */
  readonly about: string;
  readonly body: readonly WorkNode[];
}

/** Of a program. */
const MAX_SLOTS = 1_000_000;

/** A step, and how many steps it stands for. */
interface Weighted {
  readonly step: WorkStep;
  readonly weight: number;
}

/**
 * The steps in order.
 *
 * @param every of a `repeat` that frees all that it loads, one round of so many is run and counts for them
 */
export function* stepsOf(workload: Workload, seed: number, every = 1): Generator<Weighted, void> {
  const draw = new Draw(randomSource(seed, 0));
  yield* stepsOfBody(workload.body, 0, 1, draw, every);
}

function* stepsOfBody(
  body: readonly WorkNode[],
  round: number,
  weight: number,
  draw: Draw,
  every: number,
): Generator<Weighted, void> {
  for (const node of body) {
    if (node.kind === "repeat") {
      const stride = every > 1 && isClosed(node) ? Math.min(every, node.rounds) : 1;
      // Every stretch of rounds is stood for by the one in its middle.
      for (let first = 1; first <= node.rounds; first += stride) {
        const size = Math.min(stride, node.rounds + 1 - first);
        yield* stepsOfBody(node.body, first + Math.floor((size - 1) / 2), weight * size, draw, every);
      }
    } else yield { step: stepOf(node, round, draw), weight };
  }
}

/** Each round leaves things as they were, so that rounds may be left out. */
const isClosed = ({ body }: Repeat): boolean => {
  const live = new Set<string>();
  for (const node of body) {
    if (node.kind === "load") live.add(node.name.text);
    else if (node.kind !== "free" || node.name === undefined || !live.delete(node.name.text)) return false;
  }
  return live.size === 0;
};

function stepOf(node: Exclude<WorkNode, Repeat>, round: number, draw: Draw): WorkStep {
  const amountOf = ({ perRound, plus }: Amount): number => (perRound ? round : 0) + plus;
  const nameOf = ({ text, round: suffix }: Name): string =>
    suffix === undefined ? text : `${text}${amountOf(suffix)}`;
  switch (node.kind) {
    case "load": {
      const [least, most] = [amountOf(node.from), amountOf(node.to)];
      const slots = least + (most > least ? draw.below(most - least + 1) : 0);
      const bounded = Math.min(MAX_SLOTS, Math.max(2, slots));
      return { kind: "load", name: nameOf(node.name), slots: bounded, contents: node.contents };
    }
    case "free":
      return { kind: "free", name: node.name && nameOf(node.name) };
    case "attach":
      return { kind: "attach", name: nameOf(node.name), programs: node.programs.map(nameOf) };
    case "detach":
      return { kind: "detach", name: nameOf(node.name) };
    default:
      return node satisfies never;
  }
}
