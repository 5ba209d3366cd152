// A copy of the compiled project with bugs planted, for measurements that need something to find.
// Run: `node dist/bench/planted.js DIRECTORY`, which makes one there, without those that end a worker.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../harness/project.js";

interface Bug {
  readonly what: string;
  readonly file: string;
  readonly lines: string;
  readonly become: string;
}
/** What fuzzing finds in seconds, in several kinds of cases. */
const BUGS: readonly Bug[] = [
  {
    what: "signed division is unsigned",
    file: "impl/a64/arithmetic.js",
    lines: "twoSource(0x1ac0_0c00,",
    become: "twoSource(0x1ac0_0800,",
  },
  {
    what: "bytes of half-words and of words are reversed alike",
    file: "impl/a64/arithmetic.js",
    lines: "oneSource(0x5ac0_0400,",
    become: "oneSource(0x5ac0_0800,",
  },
  {
    what: "a shift to the right by a register is arithmetic",
    file: "impl/a64/arithmetic.js",
    lines: "twoSource(0x1ac0_2400,",
    become: "twoSource(0x1ac0_2800,",
  },
  {
    what: "a shift to the left by a register turns around",
    file: "impl/a64/arithmetic.js",
    lines: "twoSource(0x1ac0_2000,",
    become: "twoSource(0x1ac0_2c00,",
  },
  {
    what: "a load whose image could not be copied keeps its charge",
    file: "impl/pack/binary-pack.js",
    lines: "if (!quirks.finalizeFailureCharge)",
    become: "if (false)",
  },
  {
    what: "freeing a trampoline does not give back what was charged for it",
    file: "impl/trampoline/tramp-image.js",
    lines: "modmem.bpfJitUnchargeModmem(im.size);",
    become: "",
  },
];
/** What makes for more findings, and ends or hangs a worker. */
const MORE_BUGS: readonly Bug[] = [
  {
    what: "a product is negative",
    file: "impl/a64/arithmetic.js",
    lines: "threeSource(0x1b00_0000,",
    become: "threeSource(0x1b00_8000,",
  },
  {
    what: "an arithmetic shift to the right by a register is a logical one",
    file: "impl/a64/arithmetic.js",
    lines: "asrv = (is64, rd, rn, rm) => twoSource(0x1ac0_2800,",
    become: "asrv = (is64, rd, rn, rm) => twoSource(0x1ac0_2400,",
  },
  {
    what: "an atomic exchange adds",
    file: "impl/a64/atomic.js",
    lines: "atomic(0x3820_8000,",
    become: "atomic(0x3820_0000,",
  },
  {
    what: "an atomic exclusive or sets bits",
    file: "impl/a64/atomic.js",
    lines: "atomic(0x3820_2000,",
    become: "atomic(0x3820_3000,",
  },
  {
    what: "an image that is given up before it is published keeps its charge",
    file: "impl/pack/binary-pack.js",
    lines: "machine.kvfree(rwHeader);\n    modmem.bpfJitUnchargeModmem(size);",
    become: "machine.kvfree(rwHeader);",
  },
  {
    what: "the literal of a patched call is written and not made visible",
    file: "impl/patching/text-poke.js",
    lines: "cachesCleanInvalPou(machine, addr, addr + LITERAL_BYTES);",
    become: ";",
  },
  // Not where an image is measured: the text of a history says how long it is, and there is no worker where that is written.
  {
    what: "an image of a rare length ends its worker",
    file: "impl/pack/binary-pack.js",
    lines: "const error = bpfArchTextCopy(",
    become: "if (size === 1856) process.exit(1);\n    const error = bpfArchTextCopy(",
  },
  {
    what: "another one keeps it busy for ever",
    file: "impl/pack/binary-pack.js",
    lines: "const error = bpfArchTextCopy(",
    become: "if (size === 3264) for (;;);\n    const error = bpfArchTextCopy(",
  },
];

/** @returns the command of the copy */
export function plantedCopy(directory: string, { more }: { readonly more: boolean }): string {
  const root = projectRoot();
  mkdirSync(directory, { recursive: true });
  cpSync(path.join(root, "dist"), path.join(directory, "dist"), { recursive: true });
  cpSync(path.join(root, "package.json"), path.join(directory, "package.json"));
  symlinkSync(path.join(root, "node_modules"), path.join(directory, "node_modules"));
  for (const { file, lines, become } of more ? [...BUGS, ...MORE_BUGS] : BUGS) {
    const planted = path.join(directory, "dist", file);
    const source = readFileSync(planted, "utf8");
    const changed = source.replace(lines, become);
    if (changed === source) throw new Error(`no place to plant the bug in ${file}: ${lines} has moved`);
    writeFileSync(planted, changed);
  }
  return path.join(directory, "dist", "cli", "rox.js");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , directory] = process.argv;
  if (directory === undefined) throw new Error("expected a directory, got nothing");
  console.log(plantedCopy(directory, { more: false }));
}
