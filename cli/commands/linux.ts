// `rox linux`: what a kernel image is, and what can be checked of it.

import { formatKernel } from "../../harness/format/linux.js";
import { describeKernel } from "../../harness/linux/kernel-report.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { CLEAN, type Io } from "../io.js";

interface Flags {
  readonly symbols?: string;
  readonly json?: string;
}

export const defineLinux: Define = (program, io, finish) => {
  program
    .command("linux")
    .description(
      "Say what an arm64 Linux image is (version, pages, symbols, types, allocator), and what can be checked.",
    )
    .argument("<image>", "vmlinux, Image, Image.gz, or a boot file of a distribution (vmlinuz)")
    .option("--symbols <file>", "System.map or vmlinux of the same build, for a kernel that names its functions only")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples(["rox linux arch/arm64/boot/Image", "rox linux /boot/vmlinuz-6.1.0-28-arm64 --symbols System.map"]),
    )
    .action((file: string, flags: Flags) => finish(runLinux(file, flags, io)));
};

function runLinux(file: string, flags: Flags, io: Io): number {
  const report = describeKernel(file, flags.symbols);
  if (!report.ok) return complain(io, report.error);
  print(io, formatKernel(report.value, io.columns));
  return saveJson(io, flags.json, report.value, CLEAN);
}
