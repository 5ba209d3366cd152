import type { Case } from "../case.js";
export const isCase = (value: unknown): value is Case =>
  typeof value === "object" && value !== null && "program" in value;
export function* shrinkCase(_c: Case): Generator<Case> {}
