// What a program's entry leads to after each update, and that a failed one changes nothing.

import { expect, test } from "vitest";
import type { FailingStep } from "../../machine/event.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { DEFAULT_ENV } from "../jit/env.js";
import { Kernel } from "../program/kernel.js";
import { loadProgram } from "../program/load.js";
import type { TrampRequest } from "./arch-trampoline.js";
import { trampFlags } from "./links.js";
import { link, links, trampKernel, words } from "./testing.js";
import { type BpfTrampoline, bpfTrampolineUpdate } from "./trampoline.js";

const NOP = 0xd503_201f;
const isBranchAndLink = (word: number): boolean => word >>> 26 === 0b100101;

function traced() {
  const kernel = trampKernel();
  const { machine, packs, symbols } = kernel;
  const whole = new Kernel({ machine, env: DEFAULT_ENV, random: () => 0, packBytes: packs.packBytes });
  const loaded = loadProgram(whole, [
    { insns: [insn(rowById("mov imm")), insn(rowById("exit"))], index: 0, stackDepth: 0 },
  ]);
  if (!loaded.ok) throw new Error(loaded.error.kind);
  const { bpfFunc, functions } = loaded.program;
  symbols.add({ start: bpfFunc, bytes: functions[0]!.jitedLen });
  const tr: BpfTrampoline = { func: bpfFunc, curImage: undefined };
  const request = (given: Parameters<typeof links>[0]): TrampRequest => {
    const all = links(given);
    return { args: words(1), flags: trampFlags(all), links: all, func: bpfFunc };
  };
  return { kernel, tr, request, site: bpfFunc + 4 };
}

test("attaching, attaching something else and detaching", () => {
  const { kernel, tr, request, site } = traced();
  const { machine, packs, modmem } = kernel;
  const before = machine.usage;
  expect(bpfTrampolineUpdate(kernel, tr, request({ fentry: [link()] }))).toBe(0);
  const first = tr.curImage!;
  expect(isBranchAndLink(machine.peek32(site))).toBe(true);
  expect(modmem.current).toBe(first.size);
  expect(bpfTrampolineUpdate(kernel, tr, request({ fexit: [link()] }))).toBe(0);
  expect(tr.curImage!.image).not.toBe(first.image);
  expect(modmem.current).toBe(tr.curImage!.size);
  expect(bpfTrampolineUpdate(kernel, tr, undefined)).toBe(0);
  expect(machine.peek32(site)).toBe(NOP);
  expect([tr.curImage, modmem.current, packs.packs.length, machine.usage]).toEqual([undefined, 0, 0, before]);
  expect(kernel.warnings).toEqual([]);
});

test.each<[FailingStep, number]>([
  ["kvmalloc", 1],
  ["kvmalloc", 2],
  ["copy", 1],
  ["copy", 2],
])("%s %i fails: what was attached before is", (step, nth) => {
  const { kernel, tr, request, site } = traced();
  const { machine, modmem } = kernel;
  bpfTrampolineUpdate(kernel, tr, request({ fentry: [link()] }));
  const [image, word, usage, charged] = [tr.curImage, machine.peek32(site), machine.usage, modmem.current];
  machine.failures.plan(step, nth);
  expect(bpfTrampolineUpdate(kernel, tr, request({ fexit: [link()] }))).toBeLessThan(0);
  expect([tr.curImage, machine.peek32(site), machine.usage, modmem.current]).toEqual([image, word, usage, charged]);
});

test("a detach that fails leaves it attached", () => {
  const { kernel, tr, request, site } = traced();
  bpfTrampolineUpdate(kernel, tr, request({ fexit: [link()] }));
  kernel.machine.failures.plan("copy", 1);
  expect(bpfTrampolineUpdate(kernel, tr, undefined)).toBeLessThan(0);
  expect(tr.curImage).toBeDefined();
  expect(isBranchAndLink(kernel.machine.peek32(site))).toBe(true);
});
