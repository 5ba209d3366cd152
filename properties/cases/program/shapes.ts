// How large a program is to be: classes of sizes, and a draw within one.

import type { Draw } from "../../../subjects/random/draw.js";
import type { Size } from "./blocks/program.js";

/** Slots of the main function: up to 6, 20, 60, 600, and enough for an image of several pages. */
export type Shape = "tiny" | "small" | "medium" | "large" | "huge";

export function drawShape(draw: Draw): Shape {
  const how = draw.below(1000);
  if (how < 180) return "tiny";
  if (how < 580) return "small";
  if (how < 975) return "medium";
  return how < 998 ? "large" : "huge";
}

export function drawSize(draw: Draw, shape: Shape): Size {
  switch (shape) {
    case "tiny":
      return { slots: draw.between(2, 6), longJump: 0 };
    case "small":
      return { slots: draw.between(5, 20), longJump: 0 };
    case "medium":
      return { slots: draw.between(20, 60), longJump: 0 };
    case "large":
      return { slots: draw.between(60, 600), longJump: draw.chance(30) ? draw.between(100, 400) : 0 };
    case "huge":
      return { slots: draw.between(40, 200), longJump: draw.between(1100, 3500) };
    default:
      return shape satisfies never;
  }
}
