import { expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import { directedCases } from "./index.js";

test.each(directedCases(defaultSubject).map((directed) => [directed.name, directed] as const))(
  "%s",
  (_name, directed) => {
    expect(directed.check(defaultSubject)).toBeUndefined();
  },
);
