// The rows of plain accesses by their size in bytes.

import { rowById } from "./isa.js";

export const LOADS = { 1: rowById("ldxb"), 2: rowById("ldxh"), 4: rowById("ldxw"), 8: rowById("ldxdw") } as const;
export const STORES = { 1: rowById("stxb"), 2: rowById("stxh"), 4: rowById("stxw"), 8: rowById("stxdw") } as const;
/** Of constants. */
export const STORE_IMMS = { 1: rowById("stb"), 2: rowById("sth"), 4: rowById("stw"), 8: rowById("stdw") } as const;
