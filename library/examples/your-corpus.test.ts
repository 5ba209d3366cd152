import path from "node:path";
import { corpus } from "roxcheck";
import { expect, test } from "vitest";

test.each(corpus(path.join(import.meta.dirname, "found")))("$title", (entry) => {
  expect(entry.replay(), entry.command).toEqual({ kind: "agree" });
});
