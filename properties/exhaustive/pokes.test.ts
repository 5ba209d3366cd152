import { expect, test } from "vitest";
import { pokesOfEveryRange } from "./pokes.js";

test("a poke of every place and length in two pages", () => {
  expect(pokesOfEveryRange({ bytes: 8192 })).toEqual({ tried: (8192 * 8193) / 2, failures: [] });
}, 600_000);
