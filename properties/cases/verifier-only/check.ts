// Tries one case of instructions that only a verifier makes: load, structure, run, compare with its meaning, free.

import { referenceEngine } from "../../../engines/reference/engine.js";
import { halves, pointer } from "../../../machine/address.js";
import type { Machine } from "../../../machine/machine.js";
import { assert } from "../../../spec/assert.js";
import { hex64, s32 } from "../../../spec/bits.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { mapList } from "../../../spec/lists.js";
import { blindCodes } from "../../../subjects/lowering.js";
import { execute, trapsOf } from "../../../subjects/run/execute.js";
import { CALL_BASE, pagesOf, STACK } from "../../../subjects/run/layout.js";
import {
  DEFAULT_ENV,
  describeLoadError,
  envWith,
  type JitEnv,
  type JitFunction,
  type LoadedProgram,
  linuxEnv,
  machineFor,
  type RewrittenFunction,
  type Subject,
  type SubjectKernel,
} from "../../../subjects/subject.js";
import { knownInCode } from "../../known-code.js";
import type { Objection } from "../../oracles/ask.js";
import { askAboutCode } from "../../oracles/code/index.js";
import { AGREE, EXEC_MATCH, notCompiled, type Verdict, withoutNumbers } from "../../verdict.js";
import {
  ARENA_BASE,
  BRANCH_HISTORIES,
  DATA,
  initialBytes,
  NAMED_REGISTERS,
  PERCPU_EL1,
  PERCPU_EL2,
  type Place,
  placesOn,
  REGISTERS,
  RESULTS,
  TASK,
  USER_HIGH,
  type VerifierOnlyCase,
  variableAt,
} from "./case.js";
import { type Meaning, meaningOf } from "./meaning.js";

/** Holds the address of `RESULTS`. */
const R6 = 6;
const FUEL = 10_000;
const LDDW = rowById("lddw imm64");
const LDDW_HIGH = rowById("lddw high");
const MOV = rowById("mov imm");
const STORE = rowById("stxdw");
const MOV_32 = rowById("mov32 reg");
const EXIT = insn(rowById("exit"));

const MEANINGLESS = "an instruction accesses memory that is not there, or atomically an address that is not aligned";

export class VerifierOnlyChecker {
  private readonly machine: Machine;
  private readonly kernel: SubjectKernel;
  private readonly places: readonly Place[];
  /** As the subject came up. */
  private readonly booted: JitEnv;

  constructor(private readonly subject: Subject) {
    const env = envWith(DEFAULT_ENV, { callBase: CALL_BASE });
    this.machine = machineFor(subject);
    this.kernel = subject.boot({ machine: this.machine, random: () => 0, env });
    this.booted = this.kernel.env;
    // Kept, so that the pack is not given back between two cases.
    this.kernel.loadProgram([{ insns: [insn(MOV), EXIT], index: 0, stackDepth: 0 }]);
    const { base, bytes } = pagesOf(STACK, this.machine.pageBytes);
    this.machine.map(base, bytes, "rw");
    this.places = placesOn(this.machine.pageBytes);
    for (const { base, bytes } of this.places) this.machine.map(base, bytes, "rw");
  }

  check(c: VerifierOnlyCase): Verdict {
    const verdict = this.judge(c);
    if (verdict.kind !== "disagree") return verdict;
    const env = this.envOf(c);
    const quirk = knownInCode(this.subject, [loweredOf(c, env.changes)], env);
    return quirk === undefined ? verdict : { kind: "refused", missing: `a mended ${quirk}, a known defect` };
  }

  private judge(c: VerifierOnlyCase): Verdict {
    const { kernel } = this;
    kernel.env = this.envOf(c);
    const { offsets, changes } = kernel.env;
    const meaning = meaningOf(c, {
      cpuNumberAt: offsets.threadCpu,
      skippedFetchIsZero: changes.arenaWrite,
      pageBytes: this.machine.pageBytes,
    });
    if (meaning === undefined) return { kind: "incomparable", why: MEANINGLESS };
    const loaded = kernel.loadProgram(loweredOf(c, changes));
    if (!loaded.ok) {
      const { error } = loaded;
      return error.kind === "missing"
        ? { kind: "refused", missing: error.what }
        : notCompiled(describeLoadError(error));
    }
    const { program } = loaded;
    const [objection] = askAboutCode(kernel, program.functions, this.subject.mute);
    const result = objection === undefined ? this.run(c, program, meaning) : objected(objection);
    kernel.freeProgram(program);
    return result;
  }

  private envOf({ env, version, classic }: VerifierOnlyCase): JitEnv {
    const branchHistory = BRANCH_HISTORIES[classic ?? "kept"];
    return envWith(this.booted, { branchHistory, ...ofVersion(version), ...env });
  }

  private run(
    { registers, isCalled }: VerifierOnlyCase,
    { bpfFunc, functions }: LoadedProgram,
    meaning: Meaning,
  ): Verdict {
    const { machine } = this;
    for (const place of this.places) machine.poke(place.base, initialBytes(place));
    const outcome = execute(referenceEngine, {
      machine,
      entry: bpfFunc,
      args: registers.slice(1),
      // As the subject is built, which may differ from what the case asks for.
      bti: this.kernel.env.bti,
      fuel: FUEL,
      traps: trapsOf(this.kernel),
      fixup: (pc) => this.kernel.fixupException(functions, pc),
      system: { spEl0: pointer(TASK.base), tpidrEl1: PERCPU_EL1, tpidrEl2: PERCPU_EL2 },
    });
    if (outcome.kind !== "returned") {
      const got = outcome.kind === "faulted" ? `${outcome.why}: ${outcome.detail}` : JSON.stringify(outcome);
      return disagree("outcome", "a return", got, `returned, got ${outcome.kind}`);
    }
    const address = isCalled ? pointer(functions[1]!.bpfFunc!) : outcome.x0;
    if (outcome.x0 !== address) return disagree("address of the function", hex64(address), hex64(outcome.x0));
    return this.compare(meaning);
  }

  private compare({ registers, memory }: Meaning): Verdict {
    const results = new DataView(this.machine.peek(RESULTS.base, 8 * REGISTERS).slice().buffer);
    for (const r of NAMED_REGISTERS) {
      const got = results.getBigUint64(8 * r, true);
      if (got !== registers[r]) return disagree(`r${r}`, hex64(registers[r]!), hex64(got));
    }
    for (const { name, base, bytes } of this.places) {
      if (name === RESULTS.name) continue;
      const expected = memory.get(name)!;
      const got = this.machine.peek(base, bytes);
      if (Buffer.compare(expected, got) === 0) continue;
      const at = expected.findIndex((byte, i) => byte !== got[i]);
      return disagree(`${name}[${at}]`, `${expected[at]}`, `${got[at]}`);
    }
    return AGREE;
  }
}

const objected = ({ oracle, what }: Objection): Verdict => ({
  ...{ kind: "disagree", oracle, reason: withoutNumbers(what) },
  ...{ where: "code", expected: "no breach", got: what },
});

const disagree = (where: string, expected: string, got: string, reason = "another result"): Verdict => ({
  ...{ kind: "disagree", oracle: EXEC_MATCH, reason, where, expected, got },
});

/** What a later JIT does otherwise, and where its builds keep what it reads. */
export function ofVersion(version: VerifierOnlyCase["version"]): Partial<Pick<JitEnv, "changes" | "offsets">> {
  if (version === undefined) return {};
  const { changes, offsets } = linuxEnv(version);
  return { changes, offsets };
}

/** What the JIT is given of a case. */
export function loweredOf(c: VerifierOnlyCase, changes?: JitEnv["changes"]): readonly RewrittenFunction[] {
  const written = functionsOf(c).map((fn) => ({ origin: Int32Array.from(fn.insns, (_, slot) => slot), ...fn }));
  if (!c.isBlinded) return written;
  const blinded = blindCodes([written], changes);
  assert(blinded.ok, () => "straight-line code has no jump that blinding could make too long");
  return blinded.lowered[0]!;
}

/** What the verifier itself puts in the place: a move of 32 bits, and the address of a variable. */
function asVerified(one: Insn, before: Insn | undefined): Insn {
  const { row, dst, src, imm } = one;
  if (row.kind === "kernel" && row.op === "castKernel") return insn(MOV_32, { dst, src });
  if (row.kind === "lddw") return insn(LDDW, { dst, imm: halves(variableAt(imm)).low | 0 });
  return row.kind === "lddwHigh" ? insn(LDDW_HIGH, { imm: halves(variableAt(before?.imm ?? 0)).high | 0 }) : one;
}

/** Before a body: registers that nobody has given a value. */
const CLEARED = NAMED_REGISTERS.filter((r) => r > R6).map((dst) => insn(MOV, { dst }));
/** Behind it: what they hold is stored. */
const TOLD = NAMED_REGISTERS.map((r) => insn(STORE, { dst: R6, src: r, off: 8 * r }));

/** The same before blinding: the body with what surrounds it, perhaps behind a function that calls it. */
export function functionsOf({ body, registers, isCalled, classic }: VerifierOnlyCase): readonly JitFunction[] {
  const { high, low } = halves(RESULTS.base);
  const code: readonly Insn[] = [
    insn(LDDW, { dst: R6, imm: low | 0 }),
    insn(LDDW_HIGH, { imm: high | 0 }),
    insn(MOV, { imm: Number(s32(registers[0]!)) }),
    ...CLEARED,
    ...mapList(body, (one, slot) => asVerified(one, body[slot - 1])),
    ...TOLD,
    EXIT,
  ];
  const arena = { kernelBase: halves(ARENA_BASE), userBase: { high: USER_HIGH, low: 0 } };
  const wasClassic = classic !== undefined;
  const function0 = { insns: code, index: 0, stackDepth: 0, arena, wasClassic };
  if (!isCalled) return [function0];
  const { high: dataHigh, low: dataLow } = halves(DATA.base);
  const main = [
    insn(LDDW, { imm: dataLow | 0 }),
    insn(LDDW_HIGH, { imm: dataHigh | 0 }),
    insn(rowById("probe ldxw")),
    insn(rowById("call local"), { off: 1 }),
    insn(rowById("lddw code"), { off: 1 }),
    insn(LDDW_HIGH),
    EXIT,
  ];
  return [
    { insns: main, index: 0, stackDepth: 0, arena, wasClassic },
    { ...function0, index: 1 },
  ];
}
