// Cases: a program (or several that tail call each other), inputs, environment. All of it is drawn in one go from one
// random source, valid by construction, since combining arbitraries costs microseconds a value. Shrinking works on the
// case itself and so needs no context (shrink.ts).

import fc from "fast-check";
import { type Program, spendsLoops } from "../../../spec/bpf/program.js";
import type { Facts } from "../../../spec/bpf/validate/validate.js";
import { mapList, times } from "../../../spec/lists.js";
import type { Case, CaseEnv } from "../../../subjects/case.js";
import { type Dialect, LINUX_DIALECT } from "../../../subjects/dialect.js";
import { Draw } from "../../../subjects/random/draw.js";
import { shrinkStream } from "../shrink.js";
import { arithmetic } from "./blocks/alu-block.js";
import type { Body, Plan } from "./blocks/body.js";
import { branch } from "./blocks/branch-block.js";
import { localCall, plainHelper, tailCall } from "./blocks/call-block.js";
import { makePlan, makePlanned } from "./blocks/case-plan.js";
import { drawFields, useContext } from "./blocks/field-block.js";
import { anyHelper } from "./blocks/helper-block.js";
import { half } from "./blocks/immediates.js";
import { loop } from "./blocks/loop-block.js";
import { useMap } from "./blocks/map-block.js";
import { access, spillOrFill } from "./blocks/memory-block.js";
import { usePacket } from "./blocks/packet-block.js";
import { FEATURES, type Feature, type Features } from "./blocks/plan.js";
import { displace, movePointer } from "./blocks/pointer-block.js";
import { makeProgram, type Size } from "./blocks/program.js";
import { type DrawnRows, rowsOf } from "./blocks/rows.js";
import { drawShape, drawSize, type Shape } from "./shapes.js";
import { isCase, SHRINKER } from "./shrink.js";
import { asDrawn } from "./validity.js";

/** Of a hundred programs without a packet, those whose large frames may be private stacks. */
const PRIVATE_STACK = 20;

export interface CaseOptions {
  /** Slots of the main function, roughly, at most. */
  readonly maxSize?: number;
  /** Features that every case has (true) or none has (false); the others come and go. */
  readonly features?: Partial<Features>;
  /** The one size class to draw from; without it all of them, mostly the smaller ones. */
  readonly shape?: Shape;
  /** Default: what Linux takes. */
  readonly dialect?: Dialect;
}

export class CaseArbitrary extends fc.Arbitrary<Case> {
  readonly #options: CaseOptions;
  readonly #dialect: Dialect;
  readonly #rows: DrawnRows;
  /** What the dialect has and the options leave to the draw, or do not exclude, as bits. */
  readonly #open: number;
  readonly #allowed: number;
  /** By features, as bits. */
  readonly #mixes = new Array<Mix | undefined>(1 << FEATURES.length).fill(undefined);

  constructor(options: CaseOptions = {}) {
    super();
    this.#options = options;
    this.#dialect = options.dialect ?? LINUX_DIALECT;
    this.#rows = rowsOf(this.#dialect);
    const bitsOf = (has: (feature: Feature) => boolean): number =>
      FEATURES.reduce((bits, feature) => (has(feature) ? bits | BITS[feature] : bits), 0);
    const { features: given } = options;
    const possible = bitsOf((feature) => this.#has(feature));
    this.#open = possible & bitsOf((feature) => given?.[feature] === undefined);
    this.#allowed = possible & bitsOf((feature) => given?.[feature] !== false);
  }

  generate(mrng: fc.Random): fc.Value<Case> {
    return new fc.Value(this.#make(new Draw(mrng)), undefined);
  }

  canShrinkWithoutContext(value: unknown): value is Case {
    return isCase(value);
  }

  shrink(value: Case): fc.Stream<fc.Value<Case>> {
    return shrinkStream(SHRINKER, value);
  }

  #make(draw: Draw): Case {
    const size = this.#size(draw);
    const { features, menu } = this.#mix(this.#drawFeatures(draw, size));
    const programs = features.tailCalls ? draw.between(1, 3) : 1;
    const inputBytes = draw.chance(70) ? 64 : draw.pick(INPUT_BYTES);
    const isKernel = this.#dialect.isKernel === true;
    const { maps, kind, tailCallsFromFunctions, unknownCalls } = makePlanned(draw, features, programs, isKernel);
    const plan = makePlan(features, {
      menu,
      rows: this.#rows,
      dialect: this.#dialect,
      maps,
      kind,
      unknownCalls,
      tailCallsFromFunctions,
      inputBytes,
    });
    const parts = [makeProgram(draw, plan, 0, size)];
    for (let i = 1; i < programs; i++) {
      parts.push(makeProgram(draw, plan, i, { slots: draw.between(2, Math.min(16, size.slots)), longJump: 0 }));
    }
    const code = mapList(parts, (part) => part.code);
    const fields = drawFields(draw, plan.kind);
    const seed = plan.unknownCalls ? draw.below(1000) : undefined;
    const budget = features.mayGoto && spendsLoops({ code }) ? draw.pick(LOOPS) : undefined;
    const inputs = times(draw.between(2, 4), () => makeInput(draw, inputBytes, features.packet));
    const env = this.#env(draw, size);
    const isPrivate = isKernel && !features.packet && draw.chance(PRIVATE_STACK);
    const program: Program = {
      code,
      maps: plan.tables.length === 0 ? plan.maps : [...plan.maps, ...plan.tables],
      context: plan.kind,
      fields,
      unknownCalls: seed,
      privateStack: isPrivate ? true : undefined,
      loops: budget,
    };
    return { program: asDrawn(program, factsOf(parts)), inputs, env };
  }

  #size(draw: Draw): Size {
    const { shape } = this.#options;
    const maxSize = Math.min(this.#options.maxSize ?? Number.POSITIVE_INFINITY, this.#dialect.mostSlots * ROOM);
    const size = drawSize(draw, shape ?? drawShape(draw));
    return { slots: Math.min(size.slots, maxSize), longJump: size.longJump <= maxSize ? size.longJump : 0 };
  }

  /** As bits. */
  #drawFeatures(draw: Draw, { slots, longJump }: Size): number {
    const open = this.#open;
    // What is allowed and not left open is wanted.
    let bits = this.#allowed & ~open;
    for (let i = 0; i < FEATURES.length; i++) {
      if ((open & (1 << i)) !== 0 && draw.chance(CHANCES[i]!)) bits |= 1 << i;
    }
    // What the kernel is asked is most often about packets and maps.
    const { packet, kernel, maps, mayGoto, branches, loops, tailCalls } = BITS;
    if (bits & packet && open & ~bits & kernel && draw.chance(KERNEL_WITH_PACKET)) bits |= kernel;
    if (bits & kernel && open & ~bits & maps && draw.chance(MAPS_WITH_KERNEL)) bits |= maps;
    // A budget shows where it is used up.
    if (bits & mayGoto) bits |= (branches | loops) & this.#allowed;
    // 34 programs may run one after another, and a large one would be too much.
    return slots > 60 || longJump > 0 ? bits & ~tailCalls : bits;
  }

  #has(feature: Feature): boolean {
    const { isKernel, maps, tailCalls, packets, loops, pointers, helpers } = this.#dialect;
    const { has, atomics, mapObjects, mapValues } = this.#rows;
    switch (feature) {
      case "atomics":
        return atomics.length > 0;
      case "calls":
        return has("call local");
      case "helpers":
        return has("call helper") && this.#rows.plainHelpers.length > 0;
      case "maps":
        return (
          maps &&
          mapObjects.length * mapValues.length > 0 &&
          MAP_HELPERS.every((id) => helpers.has(id)) &&
          MAP_STORES.every(has)
        );
      case "tailCalls":
        return tailCalls;
      case "packet":
        return packets;
      case "kernel":
        return isKernel === true;
      case "loops":
        return loops;
      case "mayGoto":
        return has("may_goto");
      case "pointers":
        return pointers;
      default:
        return true;
    }
  }

  /** What the CPU has, where the image lies, and what a verifier does to a program before a JIT sees it. */
  #env(draw: Draw, size: Size): CaseEnv {
    const env = makeEnv(draw, size);
    return this.#dialect.isKernel === true ? env : { cpu: env.cpu, hole: 0 };
  }

  #mix(bits: number): Mix {
    const known = this.#mixes[bits];
    if (known !== undefined) return known;
    const features = Object.fromEntries(FEATURES.map((feature) => [feature, (bits & BITS[feature]) !== 0])) as Features;
    const menu = WEIGHTS.flatMap(([feature, weight, item]) =>
      feature === "always" || features[feature] ? new Array<Item>(weight).fill(item) : [],
    );
    const made = { features, menu };
    this.#mixes[bits] = made;
    return made;
  }
}

/** Features that take part, and what blocks are made of then. */
interface Mix extends Pick<Plan, "features" | "menu"> {}

/** Undefined: only a validation tells. */
function factsOf(parts: readonly ReturnType<typeof makeProgram>[]): Facts | undefined {
  const functions: Facts["functions"][number][] = [];
  for (const part of parts) {
    if (part.functions === undefined) return undefined;
    functions.push(...part.functions);
  }
  return { functions, contextLoads: mapList(parts, ({ contextLoads }) => contextLoads) };
}

function makeEnv(draw: Draw, { slots, longJump }: Size): CaseEnv {
  const cpu = draw.chance(60) ? "lse" : "ll-sc";
  const hole = draw.chance(50) ? 0 : 8 * draw.below(7);
  const blind = draw.chance(BLINDED);
  // Guards make jumps longer.
  const guard = longJump === 0 && slots <= MOST_GUARDED && draw.chance(GUARDED);
  return { cpu, hole, ...(blind && { blind }), ...(guard && { guard }) };
}

/** Of the slots that a subject takes, what a main function may aim at: its last block and other functions come on top. */
const ROOM = 0.6;

const BITS = Object.fromEntries(FEATURES.map((feature, i) => [feature, 1 << i])) as { readonly [F in Feature]: number };
/** In how many of a hundred cases a feature takes part. */
const CHANCE: { readonly [F in Feature]: number } = {
  memory: 75,
  atomics: 50,
  pointers: 45,
  branches: 70,
  loops: 35,
  mayGoto: 12,
  helpers: 25,
  maps: 25,
  calls: 25,
  tailCalls: 12,
  packet: 12,
  kernel: 6,
};
const CHANCES = FEATURES.map((feature) => CHANCE[feature]);

/** And in how many of those with packets, and with helpers of all kinds. */
const KERNEL_WITH_PACKET = 35;
const MAPS_WITH_KERNEL = 50;

/** Budgets of `may_goto` that some runs use up: at once, within a loop, or never. */
const LOOPS = [0, 1, 1, 2, 2, 3, 7] as const;
/** What code that uses maps calls and stores with. */
const MAP_HELPERS = [1, 2, 3] as const;
const MAP_STORES = ["stb", "sth", "stw", "stdw", "stxw"] as const;

type Item = (body: Body) => void;

const reseed: Item = (body) => body.seed(body.target());

/** What blocks are made of: each item as often as it shall be tried, if its feature takes part. */
const WEIGHTS: readonly (readonly [Feature | "always", number, Item])[] = [
  ["always", 20, arithmetic],
  ["always", 5, reseed],
  ["memory", 14, access],
  ["pointers", 5, movePointer],
  ["pointers", 4, displace],
  ["pointers", 3, spillOrFill],
  ["branches", 9, branch],
  ["loops", 4, loop],
  ["helpers", 3, plainHelper],
  ["maps", 6, useMap],
  ["calls", 4, localCall],
  ["tailCalls", 3, tailCall],
  ["packet", 4, usePacket],
  ["packet", 4, useContext],
  ["kernel", 6, anyHelper],
];

/** In how many of a hundred cases constants are blinded. */
const BLINDED = 6;
/** And in how many divisions are guarded. */
const GUARDED = 25;
/** Slots of a program in which no guard can make a jump too long. */
export const MOST_GUARDED = 2000;
const INPUT_BYTES = [8, 16, 32, 48, 80, 128] as const;

/** Words of edge patterns, small numbers, repeated bytes and noise. A packet may be shorter or longer than the others. */
function makeInput(draw: Draw, usual: number, packet: boolean): Uint8Array {
  const input = new Uint8Array(packet && draw.chance(35) ? draw.below(usual + 20) : usual);
  const style = draw.below(6);
  if (style === 0) return input;
  for (let at = 0; at < input.length; at += 4) {
    let word = 0;
    if (style < 3) word = draw.word();
    else if (style > 3) word = half(draw);
    else word = at % 8 === 0 ? draw.between(-3, 9) : draw.between(-1, 0);
    for (let i = 0; i < 4 && at + i < input.length; i++) input[at + i] = word >>> (8 * i);
  }
  return input;
}
