// The fixed list of edges, gone through once.

import { EDGES } from "../../properties/edges/index.js";
import { EXCEPTION } from "../check-or-crash.js";
import type { Found, Search } from "./search.js";

export function edgeSearch(): Search {
  let next = 0;
  const found = (name: string, actual: string, oracle: string): Found => ({
    ...{ oracle, where: name, expected: "nothing wrong", actual },
    shrink: () => ({ size: undefined, text: `edge: ${name}\n` }),
  });
  return {
    name: "edges",
    share: 1,
    step() {
      const edge = EDGES[next++];
      if (edge === undefined) return "exhausted";
      try {
        const wrong = edge.check();
        return wrong === undefined ? "nothing" : found(edge.name, wrong, "edge");
      } catch (error) {
        return found(edge.name, error instanceof Error ? error.message : String(error), EXCEPTION);
      }
    },
  };
}
