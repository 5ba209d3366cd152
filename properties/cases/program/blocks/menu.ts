// What blocks of a case are made of: each item as often as it shall be tried, by the features that take part.

import { arithmetic } from "./alu-block.js";
import type { Body } from "./body.js";
import { branch } from "./branch-block.js";
import { localCall, plainHelper, tailCall } from "./call-block.js";
import { spillOrFill } from "./frame-block.js";
import { loop } from "./loop-block.js";
import { useMap } from "./map-block.js";
import { access } from "./memory-block.js";
import { usePacket } from "./packet-block.js";
import type { Feature, Features } from "./plan.js";
import { displace, movePointer } from "./pointer-block.js";

type Item = (body: Body) => void;

const reseed: Item = (body) => body.seed(body.target());

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
];

export const menuFor = (features: Features): readonly Item[] =>
  WEIGHTS.flatMap(([feature, weight, item]) =>
    feature === "always" || features[feature] ? new Array<Item>(weight).fill(item) : [],
  );
