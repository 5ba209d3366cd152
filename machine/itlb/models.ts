// Instruction TLBs of well-known cores.

import type { ItlbModel } from "./itlb.js";

/** The first is the default. */
export const ITLB_MODELS: readonly ItlbModel[] = [
  {
    name: "neoverse-n1",
    first: { entries: 48, ways: 48 },
    second: { entries: 1280, ways: 5 },
    source: "Arm Neoverse N1 and Cortex-A76 Core Technical Reference Manuals, TLB organization",
  },
  {
    name: "cortex-a72",
    first: { entries: 48, ways: 48 },
    second: { entries: 1024, ways: 4 },
    source: "Arm Cortex-A72 MPCore Processor Technical Reference Manual, 5.2 TLB organization",
  },
  {
    name: "neoverse-n2",
    first: { entries: 48, ways: 48 },
    second: { entries: 1280, ways: 5 },
    source: "Arm Neoverse N2 Core Technical Reference Manual, TLB organization",
  },
  {
    name: "neoverse-v2",
    first: { entries: 48, ways: 48 },
    second: { entries: 2048, ways: 8 },
    source: "Arm Neoverse V2 Core Technical Reference Manual, TLB organization",
  },
  {
    name: "apple-like",
    first: { entries: 192, ways: 192 },
    second: { entries: 3072, ways: 12 },
    source: "measured sizes of Apple's M1 as published (192 and 3,072 entries); the ways are assumed",
  },
];

export const itlbModel = (name: string): ItlbModel | undefined => ITLB_MODELS.find((model) => model.name === name);
