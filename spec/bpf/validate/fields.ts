// The rules that look at one slot alone (and at its neighbour, for the two slots of lddw): registers, reserved fields,
// map indexes, immediates that divide or shift. RFC 9669 sections 3 to 5; Linux: check_alu_op, resolve_pseudo_ldimm64.

import { helperName, MOST_HELPER } from "../helper-names.js";
import { HELPERS } from "../helpers.js";
import { ARGUMENT_BYTES, badField, FP, type Insn } from "../insn.js";
import { type LddwRow, MOST_STACK_ARGUMENTS, type StackArgumentRow } from "../isa.js";
import { KERNEL_FUNCTIONS } from "../kernel-functions.js";
import { ADDRESS_BYTES } from "../maps.js";
import type { ContextKind, MapSpec } from "../program.js";
import type { Report } from "./problem.js";

/** What the fields of an instruction may refer to. */
interface Surroundings {
  readonly maps: readonly MapSpec[];
  readonly helpers: ReadonlySet<number>;
  readonly context: ContextKind;
  readonly unknownCalls: number | undefined;
}

/** Report what is wrong with the slot at `pc` by itself. */
export function checkFields(code: readonly Insn[], pc: number, around: Surroundings, report: Report): void {
  const slot = code[pc]!;
  const { row, dst, src, imm } = slot;
  if (row.group === "kernel") {
    report(pc, "notSupported", `"${row.id}" exists only between the verifier and the JIT`);
    return;
  }
  const bad = badField(slot, "rfc");
  if (bad !== undefined) {
    report(pc, bad.kind !== "reservedField" ? "badRegister" : "reservedField", `${row.id}: ${bad.message}`);
  }
  checkSelector(slot, pc, report);
  if ((row.dst === "w" || row.dst === "rw") && dst === FP) {
    report(pc, "writeToFramePointer", `${row.id} writes r10, which is read-only`);
  }
  if (row.src === "rw" && src === FP) {
    report(pc, "writeToFramePointer", `${row.id} fetches into r10, which is read-only`);
  }
  if (row.imm === "divisor" && imm === 0) report(pc, "divisorZero", `${row.id} by the immediate 0`);
  if (row.kind === "alu" && row.imm === "shift" && (imm < 0 || imm >= row.width)) {
    report(pc, "shiftRange", `${row.id} by ${imm}, expected 0 to ${row.width - 1}`);
  }
  if ((row.kind === "lddwHigh") !== (code[pc - 1]?.row.kind === "lddw")) {
    report(
      pc,
      "unpairedLddw",
      `${row.id} where the ${row.kind === "lddwHigh" ? "first" : "second"} slot of lddw belongs`,
    );
  }
  if (row.kind === "stackArgument") checkStackArgument(row, slot.off, pc, report);
  if (row.kind === "lddw") checkLddw(row, code, pc, around.maps, report);
  if (row.kind === "legacyLoad" && around.context !== "skb") {
    report(pc, "notSupported", `${row.id}, for which the context must be skb, not ${around.context}`);
  }
  if (row.kind === "call") {
    if (row.target === "kfunc" && around.unknownCalls === undefined && !KERNEL_FUNCTIONS.has(imm)) {
      report(pc, "notModelled", "call of a kernel function: with --unknown-calls it is one of which nothing is known");
    }
    if (row.target === "helper") checkHelper(imm, pc, around, report);
  }
}

function checkStackArgument({ id, op }: StackArgumentRow, off: number, pc: number, report: Report): void {
  const distance = op === "load" ? off : -off;
  if (distance % ARGUMENT_BYTES === 0 && distance > 0 && distance <= ARGUMENT_BYTES * MOST_STACK_ARGUMENTS) return;
  const sign = op === "load" ? "" : "-";
  const [first, second, last] = [1, 2, MOST_STACK_ARGUMENTS].map((n) => `${sign}${n * ARGUMENT_BYTES}`);
  report(pc, "badStackArgument", `${id} at ${off}, expected ${first}, ${second}, .. ${last}`);
}

function checkHelper(id: number, pc: number, around: Surroundings, report: Report): void {
  const { context, helpers, unknownCalls } = around;
  const contexts = HELPERS.get(id)?.contexts;
  if (!helpers.has(id)) {
    if (id < 0 || id > MOST_HELPER) report(pc, "badCallTarget", `call of ${helperName(id)}, which no kernel has`);
    else if (unknownCalls === undefined) report(pc, "notModelled", `call of ${helperName(id)}, which is not modelled`);
  } else if (contexts !== undefined && !contexts.includes(context)) {
    const wanted = contexts.join(" or ");
    report(pc, "badCallTarget", `call of ${helperName(id)}, for which the context must be ${wanted}, not ${context}`);
  }
}

function checkSelector({ row, dst, src, off, imm }: Insn, pc: number, report: Report): void {
  const { select } = row;
  if ((select.dst ?? dst) !== dst) report(pc, "badSelector", `dst ${dst} makes another instruction than ${row.id}`);
  if ((select.src ?? src) !== src || (select.off ?? off) !== off || (select.imm ?? imm) !== imm) {
    report(pc, "badSelector", `src ${src}, off ${off}, imm ${imm} make another instruction than ${row.id}`);
  }
}

function checkLddw(row: LddwRow, code: readonly Insn[], pc: number, maps: readonly MapSpec[], report: Report): void {
  const { imm } = code[pc]!;
  const high = code[pc + 1];
  if (high === undefined) {
    report(pc, "unpairedLddw", "the program ends between the two slots of lddw");
    return;
  }
  if (row.source === "imm64") return;
  if (row.source === "code" || row.source === "variable") {
    report(pc, "notSupported", `${row.id}: addresses of code and of kernel variables`);
    return;
  }
  const map = maps[imm];
  const which = `${row.id} of map ${map?.name ?? imm}`;
  if (map === undefined) {
    report(pc, "badMapIndex", `${which}, but the program has ${maps.length}`);
    return;
  }
  if (row.source === "mapFd" || row.source === "mapIndex") {
    if (high.imm !== 0) report(pc, "reservedField", `${row.id}: imm of the second slot is ${high.imm}, expected 0`);
    return;
  }
  if (map.kind === "insnArray") {
    if (high.imm < 0 || high.imm >= ADDRESS_BYTES * map.entries || high.imm % ADDRESS_BYTES !== 0) {
      const wanted = `a multiple of ${ADDRESS_BYTES} below ${ADDRESS_BYTES * map.entries}`;
      report(pc, "badMapIndex", `${which} at ${high.imm}, expected ${wanted}`);
    }
    return;
  }
  // Linux: array_map_direct_value_addr wants a single value and an offset inside it.
  if (map.kind !== "array" || map.entries !== 1) {
    report(pc, "badMapIndex", `${which}, expected an array of one entry`);
  } else if (high.imm < 0 || high.imm >= map.valueBytes) {
    report(pc, "badMapIndex", `${which} at ${high.imm}, but a value has ${map.valueBytes} bytes`);
  }
}
