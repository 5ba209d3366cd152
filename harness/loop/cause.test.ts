import { describe, expect, test } from "vitest";
import { causeName } from "./cause.js";

describe("a cause", () => {
  test("names a directory", () => {
    expect(causeName("programs", { oracle: "exec-match", what: "lock fetch add32" })).toBe(
      "exec-match-lock-fetch-add32",
    );
    expect(causeName("programs", { oracle: "freed-is-illegal", what: "?" })).toBe("freed-is-illegal-unknown");
    expect(causeName("kernel-rows", { oracle: "exec-match", what: "add imm" })).toBe("kernel-rows-exec-match-add-imm");
    // The name of an entry has no capitals.
    expect(causeName("histories", { oracle: "no-leak", what: "load, setPermission fails" })).toBe(
      "histories-no-leak-load-setpermission-fails",
    );
  });
});
