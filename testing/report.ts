// A small report to draw in tests, with a finding of every sort.

import type { FindingData, ReportData } from "../harness/report/data.js";
import { shownPacks, triedOf } from "../harness/report/pack-map.js";

const word = (va: number, text: string) => ({ va, word: 0x1acb_08ea, text });

const MODULO: FindingData = {
  name: "gate-7-8",
  title: "r0 differs",
  oracle: "exec-match",
  where: "r0",
  expected: "0x00000000ffffffff",
  got: "0x0000000000000001",
  size: { before: 18, after: 3, unit: "slot" },
  rows: ["mov imm", "smod32 imm", "exit"],
  groups: ["base64", "divmul32", "base32"],
  listing: [
    {
      title: "program 0, main: 3 words",
      code: 0,
      parts: [
        { part: "prologue", bpf: "", words: [word(0x8000_8300_0008, "paciasp")] },
        { part: 0, bpf: "r0 = -1", words: [word(0x8000_8300_0024, "mov x7, #-1")] },
        {
          part: 1,
          bpf: "w0 s%= 2",
          words: [word(0x8000_8300_002c, "udiv w10, w7, w11"), word(0x8000_8300_0030, "msub w7, w10, w11, w7")],
        },
        { part: 2, bpf: "exit", words: [] },
      ],
    },
  ],
  difference: { code: 0, part: 1, bpf: "w0 s%= 2", register: "r0", expected: "0xffffffff", got: "0x1" },
  steps: [
    { part: 0, bpf: "r0 = -1", words: ["mov x7, #-1"], changes: ["r0 = 0xffffffffffffffff"], differences: [] },
    { part: 1, bpf: "w0 s%= 2", words: [], changes: ["r0 = 0xffffffff"], differences: ["r0 = 0x1"] },
  ],
  stepsCut: false,
  events: ["load", "  cpu 0  alloc  vmalloc  0xffff800083010000  2 MiB"],
  text: "# title: r0 differs\nr0 = -1\nw0 s%= 2\nexit\n",
  replay: "npx rox run .rox/findings/gate-7-8.bpf",
};

/** It could not even be compiled, and its words are not kind to a page. */
const REFUSED: FindingData = {
  ...MODULO,
  name: "gate-7-21",
  title: "compilation differs",
  where: "compilation",
  expected: "an image",
  got: `the JIT refused function 0: </pre><script>document.title = "wrong"</script> & "quotes"`,
  rows: ["lock xchg", "exit"],
  groups: ["atomic64", "base32"],
  listing: [],
  steps: [],
  events: [],
};
const { difference: _, ...WITHOUT_DIFFERENCE } = REFUSED;

const PACKS = shownPacks(triedOf(7, 8));

export const SAMPLE: ReportData = {
  command: "rox gate",
  version: "0.1.0",
  verdict: { state: "failed", headline: "2 counterexamples", detail: "98 of 100 agree." },
  facts: [
    { name: "Seed", value: "7" },
    { name: "Programs", value: "100 in 300 runs" },
  ],
  again: "npx rox gate --seed 7 --programs 100",
  knownDefects: [{ id: "pltPageWritable", title: "an address is stored by making its page <writable>" }],
  notChecked: ["timing & speculation"],
  findings: [MODULO, WITHOUT_DIFFERENCE],
  coverage: {
    lowerings: { "add imm": { immediate: 12_345, via1: 7 }, "smod32 imm": { via1: 3 }, exit: { nothing: 90, loop: 1 } },
    looked: 25,
    programs: 100,
    rowsMissing: ["call kfunc"],
    rowsAll: 164,
  },
  pace: [100, 200, 300, 400].map((elapsedMs) => ({ elapsedMs, programs: elapsedMs / 4 })),
  sizes: [
    { upTo: 8, programs: 60 },
    { upTo: null, programs: 40 },
  ],
  ...(PACKS === undefined ? {} : { packs: PACKS }),
  summary: {
    ...{ format: 1, command: "rox gate", subject: "impl", version: "0.1.0", date: "2024-01-24 12:30 UTC", seed: 7 },
    findings: [{ cause: "exec-match smod32 imm", title: "r0 differs" }],
    points: ["add imm, immediate", "exit, loop"],
    speed: { perSecond: 250, unit: "programs a second of processor time" },
  },
};
