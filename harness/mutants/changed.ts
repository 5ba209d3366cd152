// What changes that nobody thought of are made in: our own JIT with its allocator, or the compiled interpreter.

import { ASSEMBLY } from "./interpreter.js";

export const CHANGED = ["impl", "interpreter"] as const;
export type Changed = (typeof CHANGED)[number];

/** Path from the project's root. */
export const folderOf = (changed: Changed): string => (changed === "impl" ? "impl" : ASSEMBLY);
