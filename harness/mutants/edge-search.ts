// The fixed list of edges, gone through once.

import { directedCases } from "../../properties/directed/index.js";
import { EXCEPTION } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Found, Search } from "./search.js";

export function edgeSearch(): Search {
  const directed = directedCases(defaultSubject);
  let next = 0;
  const found = (name: string, got: string, oracle: string): Found => ({
    ...{ oracle, where: name, expected: "nothing wrong", got },
    shrink: () => ({ size: undefined, text: `edge: ${name}\n` }),
  });
  return {
    name: "edges",
    share: 1,
    step() {
      const edge = directed[next++];
      if (edge === undefined) return "exhausted";
      try {
        const wrong = edge.check(defaultSubject);
        return wrong === undefined ? "nothing" : found(edge.name, wrong, "edge");
      } catch (error) {
        return found(edge.name, error instanceof Error ? error.message : String(error), EXCEPTION);
      }
    },
  };
}
