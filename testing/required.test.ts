import { afterEach, expect, test, vi } from "vitest";
import { available } from "./required.js";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test("what is there is available", () => {
  expect(available("thing", () => undefined)).toBe(true);
});

test("what is missing is announced once by name", () => {
  vi.stubEnv("ROX_REQUIRE", "");
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(available("widget", () => "no widget in PATH")).toBe(false);
  expect(available("widget", () => "no widget in PATH")).toBe(false);
  expect(warn.mock.calls).toEqual([["not run: widget: no widget in PATH"]]);
});

test("what is missing but required fails", () => {
  vi.stubEnv("ROX_REQUIRE", "gadget, gizmo");
  expect(() => available("gizmo", () => "no gizmo in PATH")).toThrow(
    "gizmo is required by ROX_REQUIRE but cannot be used: no gizmo in PATH",
  );
});
