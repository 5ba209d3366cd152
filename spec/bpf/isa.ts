// The BPF instruction set, once: one row per instruction form, in the words of RFC 9669. Decoder, encoder, both text
// syntaxes, validity rules, generators and coverage read these rows. Meanings live elsewhere: `steps.ts` and the files
// that it names for what a program computes, `impl/jit` for what is emitted. Read `insn.ts` next.

/**
 * The conformance groups of RFC 9669 section 2.4, `linux` for forms that Linux has beyond them, and `kernel` for forms that
 * only a verifier hands to a JIT, or that need what no program here has.
 */
export type Group =
  | "base32"
  | "base64"
  | "atomic32"
  | "atomic64"
  | "divmul32"
  | "divmul64"
  | "packet"
  | "linux"
  | "kernel";
export type Width = 32 | 64;
/** Bytes that a load, store or atomic touches. */
export type Size = 1 | 2 | 4 | 8;
type Operand = "imm" | "reg";
/** What happens to a register operand; `none` means that the field is reserved and must be zero. */
type RegUse = "none" | "r" | "w" | "rw";
/** What a field holds: nothing (reserved), the discriminator of the row, or a value of that sort. */
type OffUse = "none" | "select" | "branch" | "mem";
type ImmUse = "none" | "select" | "any" | "divisor" | "shift" | "branch" | "helper" | "func" | "low" | "high";

interface RowBase {
  /** Unique name, also the key of coverage reports. */
  readonly id: string;
  readonly opcode: number;
  readonly group: Group;
  /** The first LLVM `-mcpu` version that may emit it. */
  readonly cpu: 1 | 2 | 3 | 4;
  /** Fields that tell apart the rows of one opcode, with the value that selects this row. */
  readonly select: Selector;
  readonly dst: RegUse;
  readonly src: RegUse | "select";
  readonly off: OffUse;
  readonly imm: ImmUse;
  /** The Linux release that has it first, and the one whose arm64 JIT does; absent for what is older than 6.9. */
  readonly since?: Since | undefined;
  /** What rows of one kind have: see there. */
  readonly mode?: Mode | "abs" | "ind" | undefined;
}
type Selector = { readonly [Field in "src" | "off" | "imm"]?: number | undefined };
interface Since {
  readonly linux: string;
  readonly arm64: string;
}

/** Binary arithmetic: RFC 9669 section 4.1. `off: 1` marks the signed division and modulo. */
const ALU = [
  { op: "add", code: 0x00, symbol: "+=", imm: "any", off: 0 },
  { op: "sub", code: 0x10, symbol: "-=", imm: "any", off: 0 },
  { op: "mul", code: 0x20, symbol: "*=", imm: "any", off: 0 },
  { op: "div", code: 0x30, symbol: "/=", imm: "divisor", off: 0 },
  { op: "sdiv", code: 0x30, symbol: "s/=", imm: "divisor", off: 1 },
  { op: "or", code: 0x40, symbol: "|=", imm: "any", off: 0 },
  { op: "and", code: 0x50, symbol: "&=", imm: "any", off: 0 },
  { op: "lsh", code: 0x60, symbol: "<<=", imm: "shift", off: 0 },
  { op: "rsh", code: 0x70, symbol: ">>=", imm: "shift", off: 0 },
  { op: "mod", code: 0x90, symbol: "%=", imm: "divisor", off: 0 },
  { op: "smod", code: 0x90, symbol: "s%=", imm: "divisor", off: 1 },
  { op: "xor", code: 0xa0, symbol: "^=", imm: "any", off: 0 },
  { op: "mov", code: 0xb0, symbol: "=", imm: "any", off: 0 },
  { op: "arsh", code: 0xc0, symbol: "s>>=", imm: "shift", off: 0 },
] as const;
export type AluOp = (typeof ALU)[number]["op"];

/** Conditional jumps: RFC 9669 section 4.3. */
const JUMP = [
  { op: "jeq", code: 0x10, symbol: "==", cpu: 1 },
  { op: "jgt", code: 0x20, symbol: ">", cpu: 1 },
  { op: "jge", code: 0x30, symbol: ">=", cpu: 1 },
  { op: "jset", code: 0x40, symbol: "&", cpu: 1 },
  { op: "jne", code: 0x50, symbol: "!=", cpu: 1 },
  { op: "jsgt", code: 0x60, symbol: "s>", cpu: 1 },
  { op: "jsge", code: 0x70, symbol: "s>=", cpu: 1 },
  { op: "jlt", code: 0xa0, symbol: "<", cpu: 2 },
  { op: "jle", code: 0xb0, symbol: "<=", cpu: 2 },
  { op: "jslt", code: 0xc0, symbol: "s<", cpu: 2 },
  { op: "jsle", code: 0xd0, symbol: "s<=", cpu: 2 },
] as const;
export type JumpOp = (typeof JUMP)[number]["op"];

/** Atomic operations: RFC 9669 section 5.3. `imm` is the operation, without the fetch bit. */
const ATOMIC = [
  { op: "add", imm: 0x00, symbol: "+=", plain: true },
  { op: "or", imm: 0x40, symbol: "|=", plain: true },
  { op: "and", imm: 0x50, symbol: "&=", plain: true },
  { op: "xor", imm: 0xa0, symbol: "^=", plain: true },
  { op: "xchg", imm: 0xe0, symbol: "xchg", plain: false },
  { op: "cmpxchg", imm: 0xf0, symbol: "cmpxchg", plain: false },
] as const;
export type AtomicOp = (typeof ATOMIC)[number]["op"];
const FETCH = 0x01;

/** Where the 64-bit immediate comes from: RFC 9669 section 5.4. */
const LDDW = [
  { source: "imm64", src: 0 },
  { source: "mapFd", src: 1 },
  { source: "mapFdValue", src: 2 },
  { source: "variable", src: 3 },
  { source: "code", src: 4 },
  { source: "mapIndex", src: 5 },
  { source: "mapIndexValue", src: 6 },
] as const;
export type LddwSource = (typeof LDDW)[number]["source"];

/** What a call's target is: RFC 9669 section 4.3.1. */
const CALL = [
  { target: "helper", src: 0, imm: "helper" },
  { target: "local", src: 1, imm: "func" },
  { target: "kfunc", src: 2, imm: "helper" },
] as const;
export type CallTarget = (typeof CALL)[number]["target"];

/** `mem` as programs write it; `probe` and `arena` as the Linux verifier marks accesses that may fault. */
export type Mode = "mem" | "probe" | "arena";
export type ByteOrder = "le" | "be" | "swap";

export interface AluRow extends RowBase {
  readonly kind: "alu";
  readonly op: AluOp;
  readonly width: Width;
  readonly operand: Operand;
  readonly symbol: string;
}
export interface NegRow extends RowBase {
  readonly kind: "neg";
  readonly width: Width;
}
export interface MovsxRow extends RowBase {
  readonly kind: "movsx";
  readonly width: Width;
  readonly from: 8 | 16 | 32;
}
export interface EndRow extends RowBase {
  readonly kind: "end";
  readonly order: ByteOrder;
  readonly bits: 16 | 32 | 64;
}
export interface JaRow extends RowBase {
  readonly kind: "ja";
  /** The field that holds the distance: `off` for `goto`, `imm` for `gotol`. */
  readonly field: "off" | "imm";
}
export interface JumpRow extends RowBase {
  readonly kind: "jump";
  readonly op: JumpOp;
  readonly width: Width;
  readonly operand: Operand;
  readonly symbol: string;
}
export interface CallRow extends RowBase {
  readonly kind: "call";
  readonly target: CallTarget;
}
interface ExitRow extends RowBase {
  readonly kind: "exit";
}
/** Two slots: this row, then `lddwHigh`, whose imm is the upper half. */
export interface LddwRow extends RowBase {
  readonly kind: "lddw";
  readonly source: LddwSource;
}
interface LddwHighRow extends RowBase {
  readonly kind: "lddwHigh";
}
export interface LoadRow extends RowBase {
  readonly kind: "load";
  readonly mode: Mode;
  readonly size: Size;
  readonly signed: boolean;
}
export interface StoreImmRow extends RowBase {
  readonly kind: "storeImm";
  readonly mode: Mode;
  readonly size: Size;
}
export interface StoreRow extends RowBase {
  readonly kind: "store";
  readonly mode: Mode;
  readonly size: Size;
}
export interface AtomicRow extends RowBase {
  readonly kind: "atomic";
  readonly mode: Mode;
  readonly op: AtomicOp;
  readonly size: 4 | 8;
  /** The old value goes to src (to r0 for cmpxchg). */
  readonly fetch: boolean;
  readonly symbol: string;
}
/** A load that no later access of the same CPU may pass, zero-extended. */
export interface LoadAcquireRow extends RowBase {
  readonly kind: "loadAcquire";
  readonly mode: Mode;
  readonly size: Size;
}
/** A store that may not pass an earlier access of the same CPU. */
export interface StoreReleaseRow extends RowBase {
  readonly kind: "storeRelease";
  readonly mode: Mode;
  readonly size: Size;
}
/**
 * Big-endian bytes of the packet into r0, at `imm` (and `src` for `ind`); r6 holds the context. Where they are not all
 * there, the function ends and r0 is 0. Leaves r1 to r5 as a call does.
 */
export interface LegacyLoadRow extends RowBase {
  readonly kind: "legacyLoad";
  readonly mode: "abs" | "ind";
  readonly size: Exclude<Size, 8>;
}
/** Falls through while the budget of the function's call lasts, and then jumps. */
interface MayGotoRow extends RowBase {
  readonly kind: "mayGoto";
}
/** Goes to the instruction whose address the register holds: one that an instruction array had. */
interface GotoxRow extends RowBase {
  readonly kind: "gotox";
}
/** Forms without a user-visible meaning, made by the verifier, and forms that need an arena. */
export interface KernelRow extends RowBase {
  readonly kind: "kernel";
  readonly op: "tailCall" | "percpu" | "castUser" | "castKernel" | "nospec";
}
export type Row =
  | AluRow
  | NegRow
  | MovsxRow
  | EndRow
  | JaRow
  | JumpRow
  | CallRow
  | ExitRow
  | LddwRow
  | LddwHighRow
  | LoadRow
  | StoreImmRow
  | StoreRow
  | AtomicRow
  | LoadAcquireRow
  | StoreReleaseRow
  | LegacyLoadRow
  | MayGotoRow
  | GotoxRow
  | KernelRow;

const LD = 0x00;
const LDX = 0x01;
const ST = 0x02;
const STX = 0x03;
const ALU32 = 0x04;
const JMP = 0x05;
const JMP32 = 0x06;
const ALU64 = 0x07;
const SRC_REG = 0x08;
const SIZES = [
  { size: 4, code: 0x00, name: "w" },
  { size: 2, code: 0x08, name: "h" },
  { size: 1, code: 0x10, name: "b" },
  { size: 8, code: 0x18, name: "dw" },
] as const;
const WIDTHS = [
  { width: 64, alu: ALU64, jmp: JMP, suffix: "" },
  { width: 32, alu: ALU32, jmp: JMP32, suffix: "32" },
] as const;
const OPERANDS = ["imm", "reg"] as const;
const REGISTER_ONLY = { off: "none", imm: "none", select: {} } as const;

const base = (width: Width): Group => (width === 64 ? "base64" : "base32");
const divmul = (width: Width): Group => (width === 64 ? "divmul64" : "divmul32");
const isDivmul = (op: AluOp): boolean => ["mul", "div", "sdiv", "mod", "smod"].includes(op);
const isSigned = (op: AluOp): boolean => op === "sdiv" || op === "smod";
const hasTwoMeanings = (code: number): boolean => code === 0x30 || code === 0x90;

const aluRows: readonly AluRow[] = ALU.flatMap((alu) =>
  WIDTHS.flatMap(({ width, alu: klass, suffix }) =>
    OPERANDS.map((operand): AluRow => {
      // MOV from a register is told from MOVSX by its off, as DIV is told from SDIV.
      const selectsByOff = hasTwoMeanings(alu.code) || (alu.op === "mov" && operand === "reg");
      return {
        kind: "alu",
        id: `${alu.op}${suffix} ${operand}`,
        op: alu.op,
        width,
        operand,
        symbol: alu.symbol,
        opcode: klass | alu.code | (operand === "reg" ? SRC_REG : 0),
        group: isDivmul(alu.op) ? divmul(width) : base(width),
        cpu: isSigned(alu.op) ? 4 : 1,
        select: selectsByOff ? { off: alu.off } : {},
        dst: alu.op === "mov" ? "w" : "rw",
        src: operand === "reg" ? "r" : "none",
        off: selectsByOff ? "select" : "none",
        imm: operand === "reg" ? "none" : alu.imm,
      };
    }),
  ),
);

const negRows: readonly NegRow[] = WIDTHS.map(({ width, alu, suffix }) => ({
  ...REGISTER_ONLY,
  kind: "neg",
  id: `neg${suffix}`,
  width,
  opcode: alu | 0x80,
  group: base(width),
  cpu: 1,
  dst: "rw",
  src: "none",
}));

const movsxRows: readonly MovsxRow[] = WIDTHS.flatMap(({ width, alu, suffix }) =>
  ([8, 16, 32] as const)
    .filter((from) => from < width)
    .map(
      (from): MovsxRow => ({
        kind: "movsx",
        id: `movsx${suffix} ${from}`,
        width,
        from,
        opcode: alu | 0xb0 | SRC_REG,
        group: base(width),
        cpu: 4,
        select: { off: from },
        dst: "w",
        src: "r",
        off: "select",
        imm: "none",
      }),
    ),
);

const endRows: readonly EndRow[] = (
  [
    { order: "le", opcode: ALU32 | 0xd0, cpu: 1 },
    { order: "be", opcode: ALU32 | 0xd0 | SRC_REG, cpu: 1 },
    { order: "swap", opcode: ALU64 | 0xd0, cpu: 4 },
  ] as const
).flatMap(({ order, opcode, cpu }) =>
  ([16, 32, 64] as const).map(
    (bits): EndRow => ({
      kind: "end",
      id: `${order}${bits}`,
      order,
      bits,
      opcode,
      group: bits === 64 ? "base64" : "base32",
      cpu,
      select: { imm: bits },
      dst: "rw",
      src: "none",
      off: "none",
      imm: "select",
    }),
  ),
);

const jaRows: readonly JaRow[] = [
  {
    kind: "ja",
    id: "ja",
    field: "off",
    opcode: JMP,
    group: "base32",
    cpu: 1,
    select: {},
    dst: "none",
    src: "none",
    off: "branch",
    imm: "none",
  },
  {
    kind: "ja",
    id: "gotol",
    field: "imm",
    opcode: JMP32,
    group: "base32",
    cpu: 4,
    select: {},
    dst: "none",
    src: "none",
    off: "none",
    imm: "branch",
  },
];

const jumpRows: readonly JumpRow[] = JUMP.flatMap((jump) =>
  WIDTHS.flatMap(({ width, jmp, suffix }) =>
    OPERANDS.map(
      (operand): JumpRow => ({
        kind: "jump",
        id: `${jump.op}${suffix} ${operand}`,
        op: jump.op,
        width,
        operand,
        symbol: jump.symbol,
        opcode: jmp | jump.code | (operand === "reg" ? SRC_REG : 0),
        group: base(width),
        cpu: width === 32 ? 3 : jump.cpu,
        select: {},
        dst: "r",
        src: operand === "reg" ? "r" : "none",
        off: "branch",
        imm: operand === "reg" ? "none" : "any",
      }),
    ),
  ),
);

const callRows: readonly CallRow[] = CALL.map(({ target, src, imm }) => ({
  kind: "call",
  id: `call ${target}`,
  target,
  opcode: JMP | 0x80,
  group: "base32",
  cpu: 1,
  select: { src },
  dst: "none",
  src: "select",
  off: "none",
  imm,
}));

const exitRow: ExitRow = {
  ...REGISTER_ONLY,
  kind: "exit",
  id: "exit",
  opcode: JMP | 0x90,
  group: "base32",
  cpu: 1,
  dst: "none",
  src: "none",
};

const lddwRows: readonly LddwRow[] = LDDW.map(({ source, src }) => ({
  kind: "lddw",
  id: `lddw ${source}`,
  source,
  opcode: LD | 0x18,
  group: "base64",
  cpu: 1,
  select: { src },
  dst: "w",
  src: "select",
  off: "none",
  imm: "low",
}));
const lddwHighRow: LddwHighRow = {
  kind: "lddwHigh",
  id: "lddw high",
  opcode: 0x00,
  group: "base64",
  cpu: 1,
  select: {},
  dst: "none",
  src: "none",
  off: "none",
  imm: "high",
};

const memGroup = (size: Size): Group => (size === 8 ? "base64" : "base32");
const LOAD_MODES = [
  { mode: "mem", signed: false, code: 0x60, prefix: "ldx" },
  { mode: "mem", signed: true, code: 0x80, prefix: "ldxs" },
  { mode: "probe", signed: false, code: 0x20, prefix: "probe ldx" },
  { mode: "probe", signed: true, code: 0x40, prefix: "probe ldxs" },
  { mode: "arena", signed: false, code: 0xa0, prefix: "arena ldx" },
  { mode: "arena", signed: true, code: 0xc0, prefix: "arena ldxs" },
] as const;
const ARENA: Since = { linux: "6.9", arm64: "6.10" };
const SIGNED_ARENA: Since = { linux: "6.18", arm64: "6.18" };
const ACQUIRE_RELEASE: Since = { linux: "6.15", arm64: "6.15" };
const sinceOf = (mode: Mode): { readonly since?: Since } => (mode === "arena" ? { since: ARENA } : {});
const loadRows: readonly LoadRow[] = LOAD_MODES.flatMap(({ mode, signed, code, prefix }) =>
  SIZES.filter(({ size }) => !(signed && size === 8)).map(
    ({ size, code: sizeCode, name }): LoadRow => ({
      kind: "load",
      id: `${prefix}${name}`,
      mode,
      size,
      signed,
      opcode: LDX | code | sizeCode,
      group: mode !== "mem" ? "kernel" : signed ? "base64" : memGroup(size),
      cpu: signed ? 4 : 1,
      select: {},
      dst: "w",
      src: "r",
      off: "mem",
      imm: "none",
      ...(mode === "arena" && { since: signed ? SIGNED_ARENA : ARENA }),
    }),
  ),
);

const STORE_MODES = [
  { mode: "mem", code: 0x60, prefix: "" },
  { mode: "arena", code: 0xa0, prefix: "arena " },
] as const;
const storeImmRows: readonly StoreImmRow[] = STORE_MODES.flatMap(({ mode, code, prefix }) =>
  SIZES.map(
    ({ size, code: sizeCode, name }): StoreImmRow => ({
      kind: "storeImm",
      id: `${prefix}st${name}`,
      mode,
      size,
      opcode: ST | code | sizeCode,
      group: mode !== "mem" ? "kernel" : memGroup(size),
      cpu: 1,
      select: {},
      dst: "r",
      src: "none",
      off: "mem",
      imm: "any",
      ...sinceOf(mode),
    }),
  ),
);
const storeRows: readonly StoreRow[] = STORE_MODES.flatMap(({ mode, code, prefix }) =>
  SIZES.map(
    ({ size, code: sizeCode, name }): StoreRow => ({
      kind: "store",
      id: `${prefix}stx${name}`,
      mode,
      size,
      opcode: STX | code | sizeCode,
      group: mode !== "mem" ? "kernel" : memGroup(size),
      cpu: 1,
      select: {},
      dst: "r",
      src: "r",
      off: "mem",
      imm: "none",
      ...sinceOf(mode),
    }),
  ),
);

const ATOMIC_MODES = [
  { mode: "mem", code: 0xc0, prefix: "" },
  { mode: "arena", code: 0xe0, prefix: "arena " },
] as const;
const atomicRows: readonly AtomicRow[] = ATOMIC_MODES.flatMap(({ mode, code, prefix }) =>
  ATOMIC.flatMap((atomic) =>
    ([8, 4] as const).flatMap((size) =>
      (atomic.plain ? [false, true] : [true]).map((fetch): AtomicRow => {
        const imm = atomic.imm | (fetch ? FETCH : 0);
        return {
          kind: "atomic",
          id: `${prefix}lock ${fetch && atomic.plain ? "fetch " : ""}${atomic.op}${size === 4 ? "32" : ""}`,
          mode,
          op: atomic.op,
          size,
          fetch,
          symbol: atomic.symbol,
          opcode: STX | code | (size === 8 ? 0x18 : 0x00),
          group: mode !== "mem" ? "kernel" : size === 8 ? "atomic64" : "atomic32",
          cpu: fetch ? 3 : 1,
          select: { imm },
          dst: "r",
          src: fetch && atomic.op !== "cmpxchg" ? "rw" : "r",
          off: "mem",
          imm: "select",
          ...sinceOf(mode),
        };
      }),
    ),
  ),
);

const LOAD_ACQUIRE = 0x100;
const STORE_RELEASE = 0x110;
const ordered = ATOMIC_MODES.flatMap(({ mode, code, prefix }) =>
  SIZES.map(({ size, code: sizeCode, name }) => ({
    mode,
    size,
    prefix,
    name,
    opcode: STX | code | sizeCode,
    group: mode === "mem" ? ("linux" as const) : ("kernel" as const),
    cpu: 4 as const,
    src: "r" as const,
    off: "mem" as const,
    imm: "select" as const,
    since: ACQUIRE_RELEASE,
  })),
);
const loadAcquireRows: readonly LoadAcquireRow[] = ordered.map(({ prefix, name, ...row }) => ({
  ...row,
  kind: "loadAcquire",
  id: `${prefix}load acquire ${name}`,
  select: { imm: LOAD_ACQUIRE },
  dst: "w",
}));
const storeReleaseRows: readonly StoreReleaseRow[] = ordered.map(({ prefix, name, ...row }) => ({
  ...row,
  kind: "storeRelease",
  id: `${prefix}store release ${name}`,
  select: { imm: STORE_RELEASE },
  dst: "r",
}));
const LEGACY_MODES = [
  { mode: "abs", code: 0x20 },
  { mode: "ind", code: 0x40 },
] as const;
const legacyLoadRows: readonly LegacyLoadRow[] = LEGACY_MODES.flatMap(({ mode, code }) =>
  SIZES.flatMap(({ size, code: sizeCode, name }): readonly LegacyLoadRow[] =>
    size === 8
      ? []
      : [
          {
            kind: "legacyLoad",
            id: `ld${mode}${name}`,
            mode,
            size,
            opcode: LD | code | sizeCode,
            group: "packet",
            cpu: 1,
            select: {},
            dst: "none",
            src: mode === "ind" ? "r" : "none",
            off: "none",
            imm: "any",
          },
        ],
  ),
);
const mayGotoRow: MayGotoRow = {
  kind: "mayGoto",
  id: "may_goto",
  opcode: JMP | 0xe0,
  group: "linux",
  cpu: 4,
  select: { src: 0 },
  dst: "none",
  src: "select",
  off: "branch",
  imm: "none",
  since: { linux: "6.9", arm64: "6.9" },
};

const gotoxRow: GotoxRow = {
  ...REGISTER_ONLY,
  kind: "gotox",
  id: "gotox",
  opcode: JMP | SRC_REG,
  group: "linux",
  cpu: 4,
  dst: "r",
  src: "none",
  since: { linux: "6.19", arm64: "6.19" },
};

const KERNEL_ONLY = { kind: "kernel", group: "kernel", cpu: 1 } as const;
const kernelRows: readonly KernelRow[] = [
  {
    ...KERNEL_ONLY,
    id: "tail call",
    op: "tailCall",
    opcode: JMP | 0xf0,
    ...REGISTER_ONLY,
    dst: "none",
    src: "none",
  },
  {
    ...KERNEL_ONLY,
    id: "percpu address",
    op: "percpu",
    opcode: ALU64 | 0xb0 | SRC_REG,
    select: { off: -1 },
    dst: "w",
    src: "r",
    off: "select",
    imm: "none",
    since: { linux: "6.10", arm64: "6.10" },
  },
  {
    ...KERNEL_ONLY,
    id: "cast user",
    op: "castUser",
    opcode: ALU64 | 0xb0 | SRC_REG,
    select: { off: 1, imm: 0x1_0000 },
    dst: "w",
    src: "r",
    off: "select",
    imm: "select",
    since: ARENA,
  },
  {
    ...KERNEL_ONLY,
    id: "cast kernel",
    op: "castKernel",
    opcode: ALU64 | 0xb0 | SRC_REG,
    select: { off: 1, imm: 1 },
    dst: "w",
    src: "r",
    off: "select",
    imm: "select",
    since: ARENA,
  },
  {
    ...KERNEL_ONLY,
    id: "nospec",
    op: "nospec",
    opcode: ST | 0xc0,
    ...REGISTER_ONLY,
    dst: "none",
    src: "none",
  },
];

/** What fields there are in rows of any kind. */
type AnyRow = { readonly [Field in Row extends infer R ? (R extends Row ? keyof R : never) : never]?: unknown };

/**
 * The row with all fields there are, in one order. Rows are read everywhere, and an engine finds a field at once in objects
 * of one shape, but has to search for it in those of many.
 */
function ofOneShape(row: Row): Row {
  const { kind, id, opcode, group, cpu, dst, src, off, imm, since }: AnyRow = row;
  const { mode, op, width, operand, symbol, from, order, bits }: AnyRow = row;
  const { field, target, source, size, signed, fetch }: AnyRow = row;
  const select = { src: row.select.src, off: row.select.off, imm: row.select.imm };
  return {
    kind,
    id,
    opcode,
    group,
    cpu,
    select,
    dst,
    src,
    off,
    imm,
    since,
    mode,
    op,
    width,
    operand,
    symbol,
    from,
    order,
    bits,
    field,
    target,
    source,
    size,
    signed,
    fetch,
  } as Row;
}

/** Every row. Those of group `kernel` are accepted in the kernel dialect only. */
export const ROWS: readonly Row[] = [
  ...aluRows,
  ...negRows,
  ...movsxRows,
  ...endRows,
  ...jaRows,
  ...jumpRows,
  ...callRows,
  exitRow,
  ...lddwRows,
  lddwHighRow,
  ...loadRows,
  ...storeImmRows,
  ...storeRows,
  ...atomicRows,
  ...loadAcquireRows,
  ...storeReleaseRows,
  ...legacyLoadRows,
  mayGotoRow,
  gotoxRow,
  ...kernelRows,
].map(ofOneShape);

/** Opcodes that exist in the field but that this project refuses, each with the name to refuse it by. */
export const REFUSED: ReadonlyMap<number, string> = new Map<number, string>([
  [JMP | 0x80 | SRC_REG, "callx (call through a register)"],
  ...LEGACY_MODES.map(({ mode, code }): [number, string] => [
    LD | code | 0x18,
    `a load of 8 bytes of the packet (ld${mode}dw)`,
  ]),
]);

const byId = new Map(ROWS.map((row) => [row.id, row]));
const byOpcode: readonly (readonly Row[])[] = Array.from({ length: 256 }, (_, opcode) =>
  ROWS.filter((row) => row.opcode === opcode),
);

/** The row with that id. @throws RangeError if there is none: a slip in our own code. */
export function rowById(id: string): Row {
  const row = byId.get(id);
  if (row === undefined) throw new RangeError(`no instruction row is called "${id}"`);
  return row;
}

/** The rows that share one opcode byte; empty for an unknown opcode. */
export const rowsOfOpcode = (opcode: number): readonly Row[] => byOpcode[opcode] ?? [];
