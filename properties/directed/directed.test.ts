import { expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import { DIRECTED } from "./index.js";

test.each(DIRECTED.map((edge) => [edge.name, edge] as const))("%s", (_name, edge) => {
  expect(edge.check(defaultSubject)).toBeUndefined();
});
