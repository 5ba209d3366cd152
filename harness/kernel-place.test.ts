import { describe, expect, test } from "vitest";
import { defaultEngine } from "../engines/index.js";
import { HISTORIES } from "../properties/cases/history/index.js";
import { kindByName } from "../properties/cases/index.js";
import { type AnyKind, checkerOn } from "../properties/cases/kind.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { defaultSubject } from "../subjects/index.js";
import { placeEdit, withEdit } from "../subjects/linux/edit.js";
import { linuxSubject } from "../subjects/linux/index.js";
import { readTypedImage } from "../subjects/linux/open.js";
import { QUIRKS, type Subject } from "../subjects/subject.js";
import { linuxKernels } from "../testing/linux-kernels.js";
import { formatCounterexample } from "./format/counterexample.js";
import { junitXml } from "./format/junit.js";
import { type KernelPlace, kernelPlaceOrNone } from "./kernel-place.js";
import { IMAGE_EDITS } from "./mutants/image/edits.js";
import { makeReport } from "./report.js";

/** Our own code with the defects of 6.12, which says that it is a kernel's: `step_3+0x10 < load+0x20`. */
function named(): Subject {
  let asked = 0;
  return {
    ...defaultSubject,
    executed: () => [],
    boot: (options) => Object.assign(defaultSubject.boot(options), { where: () => `step_${asked++}+0x10 < load+0x20` }),
  };
}

function placeOf(kind: AnyKind, subject: Subject, text: string, missing: string): KernelPlace {
  const parsed = kind.parse(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const checker = checkerOn(kind, subject, [defaultEngine()]);
  const c = checker.adapt?.(parsed.value) ?? parsed.value;
  const { verdict } = checker.check(c);
  if (verdict.kind !== "disagree") throw new Error(`${missing}: ${verdict.kind}`);
  const place = kernelPlaceOrNone(() => checker.inKernel?.(c, verdict));
  if (place === undefined) throw new Error(missing);
  return place;
}

const LEAK = "profile: fixed\nquirk: freeLeaksOffsets\n\nload #0 (r0 = 1 .., 5 insns, 1 subprogram); copy 1 fails\n";

test("a leak is placed where what is kept was allocated, with the events of the step", () => {
  const { place, event, events } = placeOf(HISTORIES as AnyKind, named(), LEAK, "the leak");
  expect(events[event!]).toMatch(/^ +\d+ {2}cpu 0 {2}kvmalloc /);
  expect(events[event!]).toContain(`in the kernel's own code: ${place}`);
  expect(place).toMatch(/^step_\d+\+0x10 < load\+0x20$/);
  expect(events.length).toBeGreaterThan(10);
});

test("our own code has no places", () => {
  expect(checkerOn(HISTORIES as AnyKind, defaultSubject, [defaultEngine()]).inKernel).toBeUndefined();
});

const KERNEL: KernelPlace = { place: "inner+0x4 < outer+0x8", event: 13, events: numbered(14) };
const FAILURE = {
  name: "a.history",
  where: "step 0",
  expected: "no breach",
  got: "one",
  replay: "rox",
  kernel: KERNEL,
};

function numbered(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `${String(i).padStart(5)}  cpu 0  lock       packMutex`);
}

test("the terminal says where, and the last events", async () => {
  const about = { ...FAILURE, title: "", oracle: "no-leak", kind: undefined, text: "" };
  const lines = await formatCounterexample(about, 80);
  expect(lines).toContain("in the kernel's own code: inner+0x4 < outer+0x8, event 13");
  expect(lines).toContain("  2 events before these");
  expect(lines.filter((line) => line.endsWith("lock       packMutex"))).toHaveLength(12);
});

test("JUnit has a line for each", () => {
  const counts = { passed: 1, failed: 1, incomparable: 0, seed: 1, interrupted: false, failures: [FAILURE] };
  const xml = junitXml(makeReport("gate", Date.now(), { ...counts, unreadable: [] }, {}));
  expect(xml).toContain(`">rox\nin the kernel's own code: inner+0x4 &lt; outer+0x8\n    0  cpu 0`);
  expect(xml.match(/packMutex/g)).toHaveLength(14);
});

const [image] = linuxKernels()
  .map((file) => ({ file, read: readTypedImage(file) }))
  .filter(({ read }) => read.ok && read.value.address("pack_list") !== undefined);

describe.runIf(image !== undefined)("of a kernel image", { timeout: 120_000 }, () => {
  const edited = (id: string): Subject => {
    if (image?.read.ok !== true) throw new Error("no image");
    const made = placeEdit(image.read.value, IMAGE_EDITS.find((edit) => edit.id === id)!);
    if (typeof made === "string") throw new Error(made);
    const known = new Set(QUIRKS.map((quirk) => quirk.id));
    return { ...linuxSubject(`linux:${image.file}`, withEdit(image.read.value, made)), known };
  };

  test("memory that is not given back: the function that should have", () => {
    const text = "profile: fixed\n\nload #0 (r0 = 1 .., 2 insns)\nfree #0\n";
    const { place, events } = placeOf(HISTORIES as AnyKind, edited("P20"), text, "chunks that stay taken");
    expect(place).toMatch(/\bbpf_prog_pack_free\+0x[0-9a-f]+ < /);
    expect(events.join("\n")).toMatch(/in the kernel's own code: \w+\+0x[0-9a-f]+ < .*bpf_jit_free\+0x/);
  });

  test("a wrong result: the words, and the store that made each", () => {
    const { place, events } = placeOf(PROGRAMS as AnyKind, edited("J17"), "r0 = -1\nr1 = 2\nr0 /= r1\nexit\n", "SDIV");
    expect(place).toMatch(/^build_(body|insn)\+0x[0-9a-f]+ < .*bpf_int_jit_compile\+0x/);
    expect(events.join("\n")).toMatch(/sdiv x\d, x\d, x\d+\n +in the kernel's own code: build_/);
  });

  test("verifier-only instructions and trampolines name a function as well", () => {
    const found = { kind: "disagree", oracle: "exec-match", reason: "", where: "", expected: "", got: "" } as const;
    for (const name of ["verifier-only", "trampolines"]) {
      const kind = kindByName(name)!;
      const checker = checkerOn(kind, edited("J17"), [defaultEngine()]);
      const c = checker.adapt?.(kind.fresh(1, 1)) ?? kind.fresh(1, 1);
      expect(kernelPlaceOrNone(() => checker.inKernel?.(c, found))?.place).toMatch(/^\w+\+0x[0-9a-f]+/);
    }
  });
});
