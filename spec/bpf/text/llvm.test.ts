// Every row's printed text goes through llvm-mc and must come back as our bytes: the syntax is LLVM's, not our idea of
// it. All of it goes through one process. A release too old for a row rejects its lines: then the rest goes through again
// and the row is named as unchecked. From LLVM 19 on nothing may be rejected. LLVM_MC names another binary than the
// `llvm-mc` in PATH.

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { available } from "../../../testing/required.js";
import { encode, type Insn, insn, USER_ROWS } from "../insn.js";
import { type Row, rowById } from "../isa.js";
import { print } from "./print.js";

const BINARY = process.env.LLVM_MC ?? "llvm-mc";
/** The first release that assembles every row. */
const COMPLETE = 19;

/** The first release that knows -mcpu=v4. */
const KNOWS_V4 = 18;
/** The first that knows load-acquire and store-release. */
const KNOWS_NEWER = 21;

const version = (): number | undefined => {
  const { stdout, error } = spawnSync(BINARY, ["--version"], { encoding: "utf8" });
  return error === undefined ? Number(/LLVM version (\d+)/.exec(stdout)?.[1]) : undefined;
};

interface Sample {
  readonly row: Row;
  readonly text: string;
  readonly bytes: Buffer;
}

/** LLVM has no form for these rows. */
const isOurs = (row: Row): boolean =>
  row.kind === "lddwHigh" || (row.kind === "lddw" && row.source !== "imm64") || row.id === "call kfunc";

/** One row with several choices of operands, a branch also by label. */
function samples(row: Row): readonly Sample[] {
  const number = fc.oneof(fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), fc.constantFrom(0, 1, -1));
  const short = fc.integer({ min: -0x8000, max: 0x7fff });
  const register = fc.integer({ min: 0, max: 10 });
  const fields = fc.record({
    dst: row.dst === "none" ? fc.constant(0) : register,
    src: row.src === "none" ? fc.constant(0) : register,
    off: row.off === "none" ? fc.constant(0) : short,
    // LLVM knows no number beside the register of an indirect load of a packet.
    // LLVM reads the number of a gotol as 16 bits; a label may be further away.
    imm:
      row.imm === "none" || (row.kind === "legacyLoad" && row.mode === "ind")
        ? fc.constant(0)
        : row.imm === "branch"
          ? short
          : number,
    high: number,
  });
  const sample = (program: readonly Insn[], labels: boolean): Sample => ({
    row,
    text: print(program, { labels }),
    bytes: Buffer.from(encode(program)),
  });
  return fc.sample(fields, { seed: 9669, numRuns: 6 }).flatMap(({ high, ...slot }) => {
    const one = insn(row, slot);
    if (row.kind === "lddw") return [sample([one, insn(rowById("lddw high"), { imm: high })], false)];
    const isFar = row.imm === "branch" || row.imm === "func";
    if (!isFar && row.off !== "branch") return [sample([one], false)];
    const near = { ...one, [isFar ? "imm" : "off"]: one.dst % 2 };
    const byLabel = sample([near, insn(rowById("exit")), insn(rowById("exit"))], true);
    // A local call by distance is our own form.
    return row.kind === "call" ? [byLabel] : [sample([one], false), byLabel];
  });
}

/** The code of an ELF file: its first executable section. */
function textSection(elf: Buffer): Buffer {
  const [table, entryBytes, entries] = [
    Number(elf.readBigUInt64LE(0x28)),
    elf.readUInt16LE(0x3a),
    elf.readUInt16LE(0x3c),
  ];
  for (let at = table; at < table + entries * entryBytes; at += entryBytes) {
    if ((elf.readBigUInt64LE(at + 8) & 4n) === 0n) continue;
    const [from, bytes] = [Number(elf.readBigUInt64LE(at + 24)), Number(elf.readBigUInt64LE(at + 32))];
    return elf.subarray(from, from + bytes);
  }
  throw new RangeError("llvm-mc wrote a file without code");
}

/** The bytes of all samples in a row, or the indices of those that it rejects. */
function assemble(all: readonly Sample[], cpu: string): { bytes: Buffer } | { rejected: ReadonlySet<number> } {
  const lines = all.flatMap(({ text }, index) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => ({ index, line: line.replace(/\bL(\d+)\b/g, `.L${index}_$1`) })),
  );
  const input = lines.map(({ line }) => `${line}\n`).join("");
  const run = spawnSync(BINARY, ["-triple=bpfel", `-mcpu=${cpu}`, "-filetype=obj", "-"], { input, maxBuffer: 1 << 28 });
  if (run.status === 0) return { bytes: textSection(run.stdout) };
  const errors = [...run.stderr.toString().matchAll(/^<stdin>:(\d+):\d+: error/gm)];
  if (errors.length === 0) throw new Error(`llvm-mc failed: ${run.stderr}`);
  return { rejected: new Set(errors.map(([, line]) => lines[Number(line) - 1]?.index ?? -1)) };
}

test("llvm-mc assembles what is printed to the same bytes", () => {
  const release = version();
  if (!available("llvm-mc", () => (release === undefined ? `no ${BINARY} in PATH (apt-get install llvm)` : undefined)))
    return;
  const cpu = (release ?? 0) >= KNOWS_V4 ? "v4" : "v3";
  const asked = USER_ROWS.filter((row) => !isOurs(row)).flatMap(samples);
  const first = assemble(asked, cpu);
  const rejected = "rejected" in first ? first.rejected : new Set<number>();
  const accepted = asked.filter((_, index) => !rejected.has(index));
  const result = "bytes" in first ? first : assemble(accepted, cpu);
  if (!("bytes" in result)) throw new Error(`llvm-mc accepts lines only together: ${[...result.rejected].join(" ")}`);

  let at = 0;
  for (const { row, text, bytes } of accepted) {
    const theirs = result.bytes.subarray(at, at + bytes.length).toString("hex");
    expect(theirs, `${row.id}: ${text}`).toBe(bytes.toString("hex"));
    at += bytes.length;
  }
  expect(at).toBe(result.bytes.length);

  const unchecked = [...new Set([...rejected].flatMap((index) => asked[index]?.row ?? []))];
  // What is newer than the RFC came into LLVM later.
  const late = (release ?? 0) >= KNOWS_NEWER ? [] : unchecked.filter(({ group }) => group === "linux");
  if ((release ?? 0) >= COMPLETE) expect(unchecked.filter((row) => !late.includes(row))).toEqual([]);
  if (unchecked.length > 0)
    console.warn(`not checked: LLVM ${release} does not read: ${unchecked.map(({ id }) => id).join(", ")}`);
  expect(accepted.length).toBeGreaterThan(400);
});
