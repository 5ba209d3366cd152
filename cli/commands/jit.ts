// `rox jit`: what the JIT makes of a program.

import { Option } from "commander";
import { loadCase } from "../../harness/case-file.js";
import { formatListing } from "../../harness/format/listing.js";
import { llvmLines } from "../../harness/format/llvm-code.js";
import { compileCase } from "../../harness/listing.js";
import { choiceOf, type ProgramChoice } from "../../harness/object-file.js";
import { writeOutputFile } from "../../harness/output-file.js";
import { makeReport } from "../../harness/report.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, CLEAN, type Io } from "../io.js";
import { choiceOptions, kernelFor, subjectOption } from "../options.js";
import { address } from "../values.js";

interface Flags extends ProgramChoice {
  readonly subject: string;
  readonly cpu?: "lse" | "ll-sc";
  readonly base?: number;
  readonly syntax: "beside" | "llvm";
  readonly out?: string;
  readonly json?: string;
}

export const defineJit: Define = (program, io, finish) => {
  const command = program
    .command("jit")
    .description("Compile one program and list each BPF instruction with its A64 code.")
    .argument("<file>", "case text (.bpf), raw instructions (.bin), a conformance file (.data) or an object file (.o)")
    .addOption(
      new Option("--cpu <cpu>", "atomic instructions, or load/store-exclusive loops").choices(["lse", "ll-sc"]),
    )
    .addOption(subjectOption())
    .option("--base <address>", "address of the first image's first word, a multiple of 8", address)
    .addOption(
      new Option("--syntax <form>", "beside BPF, or as LLVM lists code, for the patterns of kernel self-tests")
        .choices(["beside", "llvm"])
        .default("beside"),
    )
    .option("--out <file>", "write the images one after the other")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples(["rox jit program.bpf", "rox jit program.bin --cpu ll-sc --base 0xffff800083000040 --out image.bin"]),
    )
    .action(async (file: string, flags: Flags) => finish(await listFile(file, flags, io)));
  for (const option of choiceOptions()) command.addOption(option);
};

async function listFile(file: string, flags: Flags, io: Io): Promise<number> {
  const started = Date.now();
  const subject = kernelFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const read = loadCase(file, choiceOf(flags));
  if (!read.ok) return complain(io, read.error);
  const env = { ...read.value.env, ...(flags.cpu === undefined ? {} : { cpu: flags.cpu }) };
  const compiled = await compileCase({ ...read.value, env }, flags.base, subject);
  if (!compiled.ok) return complain(io, { ...compiled.error, subject: file });
  const { listing, image } = compiled.value;
  print(io, flags.syntax === "llvm" ? llvmLines(listing) : formatListing(listing, io.columns));
  if (flags.out !== undefined) {
    const written = writeOutputFile(flags.out, image);
    if (!written.ok) return complain(io, written.error);
  }
  const counts = { passed: listing.length, failed: 0, incomparable: 0, seed: null, interrupted: false };
  const report = makeReport("jit", started, { ...counts, failures: [], unreadable: [] }, { listing, image });
  return saveJson(io, flags.json, report, CLEAN);
}
