// What a recorded program computes, three ways: the interpreter on the program as it was loaded, our code for what the
// verifier made of it, and what the real kernel returned.

import { Buffer } from "node:buffer";
import { halves } from "../../machine/address.js";
import { decode, type Insn } from "../../spec/bpf/insn.js";
import { interpret } from "../../spec/bpf/interpret.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { MapSpec, Program } from "../../spec/bpf/program.js";
import { FUEL } from "../check.js";
import type { JitSubject } from "../jit-subject.js";
import { layoutOf } from "../layout.js";
import { compare, summary, type Verdict } from "../verdict.js";
import { splitFunctions } from "./functions.js";
import type { RecordedRun, Recording } from "./recording.js";
import { environmentOf } from "./resolve.js";

/** Families whose results depend on nothing but the program and its packet. */
export const DETERMINISTIC_FAMILIES: ReadonlySet<string> = new Set([
  "small",
  "alu",
  "jmp",
  "mem",
  "atomic",
  "loop",
  "sub",
  "tail",
  "xdp",
  "xdpmem",
]);

/** The maps that every recorded program was loaded with; the prog array was empty. */
const MAPS: readonly MapSpec[] = [
  { kind: "array", keyBytes: 4, valueBytes: 64, entries: 8 },
  { kind: "progArray", entries: 8, programs: [] },
  { kind: "hash", keyBytes: 4, valueBytes: 64, entries: 8 },
  { kind: "array", keyBytes: 4, valueBytes: 4096, entries: 1 },
];
const XDP = 6;
const PACKET_BYTES = 128;
/** The packet of every recorded run. */
const PACKET = Uint8Array.from({ length: PACKET_BYTES }, (_, i) => 7 * i + 1);
/** A socket filter's context is a structure that the recorded programs pass on but do not read. */
const SKB_BYTES = 192;

/** Whether the recorded result can be held against ours. */
export function isDeterministic({ name, insns, run }: Recording): boolean {
  if (insns === undefined || run === undefined || run.errno !== 0) return false;
  return run.deterministic ?? DETERMINISTIC_FAMILIES.has(name);
}

/** @throws RangeError if the recording is not deterministic: ask first. */
export function goldenResult(recording: Recording, subject: JitSubject): Verdict {
  const { insns, run } = recording;
  if (insns === undefined || run === undefined) throw new RangeError(`${recording.name} has no result to compare`);
  const loadedAs = decode(insns);
  if (!loadedAs.ok) return incomparable(`as loaded, slot ${loadedAs.error.pc}: ${loadedAs.error.message}`);
  const isXdp = recording.progType === XDP;
  const program: Program = { code: [loadedAs.value], maps: MAPS, context: isXdp ? "xdp" : "memory" };
  const input = isXdp ? PACKET : new Uint8Array(SKB_BYTES);

  const functions = lowered(recording, loadedAs.value, program);
  if (typeof functions === "string") return incomparable(functions);
  const load = subject.loadLowered(program, [functions], environmentOf(recording), 0);
  if (!load.ok) return { kind: "disagree", where: "compilation", expected: "an image", actual: load.why };
  const { loaded } = load;
  const layout = layoutOf(program, input.length, loaded.frames);
  const expected = interpret({ program, input, layout, fuel: FUEL });
  const verdicts = loaded.run(input, layout, 0).map(({ outcome }) => compare(expected, outcome));
  loaded.free();
  return verdicts.find(({ kind }) => kind !== "agree") ?? compareKernel(expected, run, isXdp);
}

/** Both our witnesses agree on `ours`; the kernel returned 32 bits of r0, and the packet of an XDP program. */
function compareKernel(ours: Outcome, recorded: RecordedRun, isXdp: boolean): Verdict {
  if (ours.kind !== "returned") {
    return { kind: "disagree", where: "the kernel's result", expected: "returned", actual: summary(ours) };
  }
  const r0 = Number(BigInt.asUintN(32, ours.r0));
  if (r0 !== recorded.retval >>> 0) {
    return { kind: "disagree", where: "the kernel's retval", expected: `${recorded.retval >>> 0}`, actual: `${r0}` };
  }
  const packet = ours.regions.find(({ name }) => name === "packet")?.bytes;
  if (!isXdp || (packet !== undefined && Buffer.compare(packet, recorded.packet) === 0)) return { kind: "agree" };
  return {
    kind: "disagree",
    where: "the kernel's packet",
    expected: Buffer.from(recorded.packet).toString("hex"),
    actual: Buffer.from(packet ?? []).toString("hex"),
  };
}

const incomparable = (why: string): Verdict => ({ kind: "incomparable", why });

/** What the verifier handed to the JIT, with maps where our machine has them, or why that cannot be told. */
function lowered(recording: Recording, asLoaded: readonly Insn[], program: Program) {
  const split = splitFunctions(recording);
  if (!split.ok) return split.message;
  const loads = asLoaded.flatMap((slot, pc) => (isMapLoad(slot) ? [addressOf(asLoaded, pc, program)] : []));
  const unknowns = split.functions.reduce((n, f) => n + f.unknowns.length, 0);
  if (unknowns !== loads.length) return `${loads.length} loads of maps as loaded, ${unknowns} as seen by the JIT`;
  return split.functions.map(({ fn, unknowns: places }) => {
    const insns = [...fn.insns];
    for (const { pc } of places) {
      const { high, low } = halves(loads.shift()!);
      insns[pc] = { ...insns[pc]!, imm: low | 0 };
      insns[pc + 1] = { ...insns[pc + 1]!, imm: high | 0 };
    }
    return { ...fn, insns, origin: Int32Array.from(insns.keys()) };
  });
}

const isMapLoad = ({ row }: Insn): boolean =>
  row.kind === "lddw" && (row.source === "mapFd" || row.source === "mapFdValue");

function addressOf(code: readonly Insn[], pc: number, program: Program): number {
  const { row, imm } = code[pc]!;
  const place = layoutOf(program, 0).maps[imm];
  if (place === undefined) throw new RangeError(`slot ${pc} loads map ${imm} of ${program.maps.length}`);
  return row.kind === "lddw" && row.source === "mapFd" ? place.object.base : place.values.base + code[pc + 1]!.imm;
}
