import { expect, test } from "vitest";
import { EDGES } from "./index.js";

test.each(EDGES.map((edge) => [edge.name, edge] as const))("%s", (_name, edge) => {
  expect(edge.check()).toBeUndefined();
});
