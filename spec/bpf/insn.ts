// One 8-byte slot of a BPF program, decoded against the table, and back. A program is a dense array of slots, so an
// index is the `pc` of the kernel's logs and a jump distance needs no translation: `lddw` takes two slots, the second of
// row `lddw high`. Bytes are little-endian: opcode, src:4 dst:4, off:16, imm:32 (RFC 9669 section 3).

import { REFUSED, ROWS, type Row, rowsOfOpcode, STACK_ARGUMENTS } from "./isa.js";

export const SLOT_BYTES = 8;
/** R0..R10. The kernel dialect has two more: R11 is `AX`, since Linux 7.2 the base of stack arguments; then R12 is `AX`. */
export const REGISTERS = 11;
export const LAST_OF_KERNEL = 12;
/** The frame pointer, R10. */
export const FP = 10;

export interface Insn {
  readonly row: Row;
  readonly dst: number;
  readonly src: number;
  /** Signed 16 bits. */
  readonly off: number;
  /** Signed 32 bits. */
  readonly imm: number;
}

/** `rfc`: programs as they are written, reserved fields zero. `kernel`: what the Linux verifier hands to its JIT. */
export type Dialect = "rfc" | "kernel";

type DecodeErrorKind =
  | "truncated"
  | "unknownOpcode"
  | "refused"
  | "badRegister"
  | "badSelector"
  | "reservedField"
  | "unpairedLddw";
interface DecodeError {
  readonly kind: DecodeErrorKind;
  /** Slot index. */
  readonly pc: number;
  readonly message: string;
}
type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: DecodeError };

/** Build a slot of a row. Fields that the row selects by are filled in; the others default to 0. */
export function insn(row: Row, fields: Partial<Omit<Insn, "row">> = {}): Insn {
  const { select } = row;
  return {
    row,
    dst: select.dst ?? fields.dst ?? 0,
    src: select.src ?? fields.src ?? 0,
    off: select.off ?? fields.off ?? 0,
    imm: select.imm ?? fields.imm ?? 0,
  };
}

/** The same slot with other fields. Slots are objects of one shape, as everything reads them: none is made by a spread. */
export function withFields(slot: Insn, fields: Partial<Insn>): Insn {
  const { row = slot.row, dst = slot.dst, src = slot.src, off = slot.off, imm = slot.imm } = fields;
  return { row, dst, src, off, imm };
}

/** The same jump or local call, of another distance. */
export const withDistance = (slot: Insn, distance: number): Insn =>
  withFields(slot, slot.row.off === "branch" ? { off: distance } : { imm: distance });

/** The slots of a program as bytes. */
export function encode(program: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(program.length * SLOT_BYTES);
  const view = new DataView(bytes.buffer);
  program.forEach(({ row, dst, src, off, imm }, pc) => {
    const at = pc * SLOT_BYTES;
    bytes[at] = row.opcode;
    bytes[at + 1] = (src << 4) | dst;
    view.setInt16(at + 2, off, true);
    view.setInt32(at + 4, imm, true);
  });
  return bytes;
}

/** Decode a whole program, or name the first slot that is not an instruction and why. */
export function decode(bytes: Uint8Array, dialect: Dialect = "rfc"): Decoded<readonly Insn[]> {
  if (bytes.length % SLOT_BYTES !== 0) {
    const pc = Math.floor(bytes.length / SLOT_BYTES);
    return refuse("truncated", pc, `program is ${bytes.length} bytes long, expected a multiple of ${SLOT_BYTES}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const program: Insn[] = [];
  for (let at = 0; at < bytes.length; at += SLOT_BYTES) {
    const wantsHigh = program.at(-1)?.row.kind === "lddw";
    const slot = decodeSlot(view, at, dialect);
    if (!slot.ok) return slot;
    if ((slot.value.row.kind === "lddwHigh") !== wantsHigh) {
      const what = wantsHigh
        ? "the second slot of lddw must have opcode 0"
        : "opcode 0 outside the second slot of lddw";
      return refuse("unpairedLddw", at / SLOT_BYTES, what);
    }
    program.push(slot.value);
  }
  if (program.at(-1)?.row.kind === "lddw") {
    return refuse("unpairedLddw", program.length, "program ends between the two slots of lddw");
  }
  return { ok: true, value: program };
}

function decodeSlot(view: DataView, at: number, dialect: Dialect): Decoded<Insn> {
  const pc = at / SLOT_BYTES;
  const opcode = view.getUint8(at);
  const registers = view.getUint8(at + 1);
  const slot = {
    dst: registers & 0xf,
    src: registers >> 4,
    off: view.getInt16(at + 2, true),
    imm: view.getInt32(at + 4, true),
  };
  const name = `opcode 0x${opcode.toString(16).padStart(2, "0")}`;
  const refused = REFUSED.get(opcode);
  if (refused !== undefined) return refuse("refused", pc, `${name} is ${refused}, which is not supported`);
  const known = rowsOfOpcode(opcode);
  if (known.length === 0) return refuse("unknownOpcode", pc, `${name} is not an instruction`);
  // What R11 means there is a matter of the JIT's version.
  const rows = known.filter((row) => (dialect === "kernel" ? row.kind !== "stackArgument" : row.group !== "kernel"));
  const row = rows.find((r) => selects(r, slot));
  const newer = row ?? known.find((r) => selects(r, slot));
  if (newer !== undefined && newer !== row) return refuse("refused", pc, `${name} is ${notForPrograms(newer)}`);
  if (row === undefined) return refuse("badSelector", pc, `${name} has no form with ${describeSelector(rows, slot)}`);
  const decoded: Insn = { row, ...slot };
  const problem = badField(decoded, dialect);
  return problem === undefined
    ? { ok: true, value: decoded }
    : refuse(problem.kind, pc, `${row.id}: ${problem.message}`);
}

/** What a form is called, and since when it exists. */
export const datedForm = ({ id, since }: Row): string =>
  since === undefined ? id : `${id} (Linux ${since.linux}, arm64 JIT ${since.arm64})`;

/** What a form is called that a program may not have here, since when it exists, and why it may not. */
const notForPrograms = (row: Row & { readonly op?: string }): string =>
  `${datedForm(row)}, ${NEEDS[row.op ?? row.kind] ?? "which only a verifier makes"}`;
const NEEDS: Readonly<Record<string, string>> = {
  castKernel: "a cast of an arena pointer to the kernel's: programs here have no arena",
  castUser: "a cast of an arena pointer to user space's: programs here have no arena",
};

type Fields = Omit<Insn, "row">;

const selects = ({ select }: Row, slot: Fields): boolean =>
  (select.dst === undefined || select.dst === slot.dst) &&
  (select.src === undefined || select.src === slot.src) &&
  (select.off === undefined || select.off === slot.off) &&
  (select.imm === undefined || select.imm === slot.imm);

function describeSelector(rows: readonly Row[], slot: Fields): string {
  const fields = (["src", "off", "imm"] as const).filter((f) => rows.some((row) => row.select[f] !== undefined));
  return fields
    .map((f) => `${f} ${slot[f]} (expected ${[...new Set(rows.map((row) => row.select[f]))].join(", ")})`)
    .join(" and ");
}

/** A register that does not exist or a reserved field that is not zero. */
export function badField(
  { row, dst, src, off, imm }: Insn,
  dialect: Dialect,
): Pick<DecodeError, "kind" | "message"> | undefined {
  const last = dialect === "kernel" ? LAST_OF_KERNEL : REGISTERS - 1;
  if (row.dst !== "none" && row.dst !== "select" && dst > last) return badRegister(row, "dst", dst, last);
  if (row.src !== "none" && row.src !== "select" && src > last) {
    return badRegister(row, "src", src, last);
  }
  if (dialect === "kernel") return undefined;
  if (row.dst === "none" && dst !== 0) return reserved("dst", dst);
  if (row.src === "none" && src !== 0) return reserved("src", src);
  if (row.off === "none" && off !== 0) return reserved("off", off);
  if (row.imm === "none" && imm !== 0) return reserved("imm", imm);
  return undefined;
}

const reserved = (field: string, value: number): Pick<DecodeError, "kind" | "message"> => ({
  kind: "reservedField",
  message: `reserved field ${field} is ${value}, expected 0`,
});

function badRegister(
  { kind }: Row,
  field: "dst" | "src",
  register: number,
  last: number,
): Pick<DecodeError, "kind" | "message"> {
  const isBase = kind === "load" ? field === "src" : (kind === "store" || kind === "storeImm") && field === "dst";
  if (register === STACK_ARGUMENTS && isBase) {
    const what = "the base of stack arguments (Linux 7.2, arm64 JIT 7.2)";
    return { kind: "refused", message: `${field} is r11, ${what}, of which each is loaded and stored whole, 8 bytes` };
  }
  return { kind: "badRegister", message: `${field} is r${register}, the last register is r${last}` };
}

const refuse = (kind: DecodeErrorKind, pc: number, message: string): { ok: false; error: DecodeError } => ({
  ok: false,
  error: { kind, pc, message },
});

/** The 64-bit immediate of an `lddw` at `pc`, as its two signed halves. */
export const lddwHalves = (program: readonly Insn[], pc: number): { readonly low: number; readonly high: number } => ({
  low: program[pc]?.imm ?? 0,
  high: program[pc + 1]?.imm ?? 0,
});

/** Whether its jump spends the budget of the function. */
export const isMayGoto = ({ row }: Insn): boolean => row.kind === "mayGoto";

export const isStackArgument = ({ row }: Insn): boolean => row.kind === "stackArgument";

/** How many arguments beyond five a stretch of code stores for its calls. */
export const stackArgumentsStored = (code: readonly Insn[]): number =>
  code.reduce((most, one) => (isStackArgument(one) ? Math.max(most, -one.off / ARGUMENT_BYTES) : most), 0);
export const ARGUMENT_BYTES = 8;

/** The slot that a branch or local call at `pc` goes to, or undefined for any other row. */
export function branchTarget({ row, off, imm }: Insn, pc: number): number | undefined {
  if (row.off === "branch") return pc + 1 + off;
  if (row.imm === "branch" || row.imm === "func") return pc + 1 + imm;
  return undefined;
}

/** Rows that a program may be written with. */
export const USER_ROWS: readonly Row[] = ROWS.filter((row) => row.group !== "kernel");
