// What a recorded program computes, three ways: the interpreter on the program as it was loaded, our code for what the
// verifier made of it, and what the real kernel returned.

import { pointer } from "../../machine/address.js";
import { u64 } from "../../spec/bits.js";
import { XDP_POINTERS_END } from "../../spec/bpf/context-fields.js";
import { decode } from "../../spec/bpf/insn.js";
import { type InterpretState, interpret } from "../../spec/bpf/interpret.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { Layout, MapSpec, Program } from "../../spec/bpf/program.js";
import { CALL_BASE, layoutOf } from "../../subjects/run/layout.js";
import { loadedBy, type ProgramSession } from "../../subjects/session/program-session.js";
import { LINUX_6_12 } from "../../subjects/subject.js";
import { AGREE, compare, notCompiled, summary, type Verdict } from "../verdict.js";
import type { RecordedRun, Recording } from "./recording.js";
import { relocate } from "./relocate.js";
import { environmentOf } from "./resolve.js";

/** Families whose results depend on nothing but the program and its packet. */
const DETERMINISTIC_FAMILIES = ["small", "alu", "jmp", "mem", "atomic", "loop", "sub", "tail", "xdp", "xdpmem"];

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
/** A socket filter's context is a kernel structure that we have no model of: nothing of it can be read. */
const SKB_BYTES = 0;
/** More than the context of any recorded program. */
const MAX_CONTEXT_BYTES = 4096;
/** BPF instructions: what the verifier accepts may run that long without a loop, and longer with one. */
const FUEL = 4_000_000;

/** Whether the recorded result can be held against ours. */
export function isDeterministic({ name, insns, run }: Recording): boolean {
  if (insns === undefined || run === undefined || run.errno !== 0) return false;
  return run.deterministic ?? DETERMINISTIC_FAMILIES.includes(name);
}

/** @throws RangeError if the recording is not deterministic: ask first. */
export function compareResult(recording: Recording, session: ProgramSession): Verdict {
  const { insns, run } = recording;
  if (insns === undefined || run === undefined) throw new RangeError(`${recording.name} has no result to compare`);
  const loadedAs = decode(insns);
  if (!loadedAs.ok) return incomparable(`as loaded, slot ${loadedAs.error.pc}: ${loadedAs.error.message}`);
  const isXdp = recording.progType === XDP;
  const program: Program = { code: [loadedAs.value], maps: MAPS, context: isXdp ? "xdp" : "memory" };
  const input = isXdp ? PACKET : new Uint8Array(SKB_BYTES);

  const lowered = relocate(recording, loadedAs.value, program);
  if (!lowered.ok) return incomparable(lowered.why);
  // The maps are ours, and so is where their fields lie.
  const env = { ...environmentOf(recording), callBase: CALL_BASE, offsets: LINUX_6_12.offsets };
  const live = loadedBy(session.loadLowered({ codes: [lowered.functions], lse: env.lse, env, hole: 0 }));
  if (typeof live === "string") return notCompiled(live);
  const layout = layoutOf(program, input.length, session.frames(live));
  const expected = reference(program, input, layout);
  if (typeof expected === "string") {
    session.free(live);
    return incomparable(expected);
  }
  const verdicts = session
    .run(live, [{ program, input, layout, expected }])
    .flatMap(({ runs }) => runs)
    .map(({ outcome }) => (outcome === undefined ? incomparable("it cannot be fetched") : compare(expected, outcome)));
  session.free(live);
  return verdicts.find(({ kind }) => kind !== "agree") ?? compareKernel(expected, run, isXdp);
}

/** What the program means, or why that cannot be said: a fault in the context is a field that is not modelled. */
function reference(program: Program, input: Uint8Array, layout: Layout): Outcome | string {
  let last: InterpretState | undefined;
  let field: bigint | undefined;
  const placeInContext = ({ insn, registers }: InterpretState): bigint => {
    const base = registers[insn.row.kind === "load" ? insn.src : insn.dst] ?? 0n;
    return u64(base + BigInt(insn.off) - pointer(layout.context.base));
  };
  const trace = (state: InterpretState): void => {
    last = state;
    if (program.context !== "xdp" || state.insn.row.off !== "mem") return;
    const place = placeInContext(state);
    // Where the kernel keeps fields that are no pointers to the packet differs between builds.
    if (place >= XDP_POINTERS_END && place < MAX_CONTEXT_BYTES) field ??= place;
  };
  const outcome = interpret({ program, input, layout, fuel: FUEL, trace });
  if (field !== undefined) return `where the kernel keeps the field at ${field} of the context is not recorded`;
  if (outcome.kind !== "faulted" || outcome.why !== "badAccess" || last === undefined) return outcome;
  const isContext = placeInContext(last) < MAX_CONTEXT_BYTES;
  return isContext ? `a part of the context is not modelled: ${outcome.detail}` : outcome;
}

/** Both our witnesses agree on `ours`; the kernel returned 32 bits of r0, and the packet of an XDP program. */
function compareKernel(ours: Outcome, recorded: RecordedRun, isXdp: boolean): Verdict {
  if (ours.kind !== "returned") return unlikeTheKernel("result", "returned", summary(ours));
  const r0 = Number(BigInt.asUintN(32, ours.r0));
  if (r0 !== recorded.retval >>> 0) return unlikeTheKernel("retval", `${recorded.retval >>> 0}`, `${r0}`);
  if (!isXdp || recorded.packet === undefined) return AGREE;
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  const [want, got] = [hex(recorded.packet), hex(ours.regions.find(({ name }) => name === "packet")!.bytes)];
  return want === got ? AGREE : unlikeTheKernel("packet", want, got);
}

const unlikeTheKernel = (what: string, expected: string, got: string): Verdict => ({
  ...{ kind: "disagree", oracle: "recorded-result", reason: "another result than the kernel's" },
  ...{ where: `the kernel's ${what}`, expected, got },
});

const incomparable = (why: string): Verdict => ({ kind: "incomparable", why });
