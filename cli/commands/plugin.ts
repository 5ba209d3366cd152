// `rox plugin`: see `cli/plugin.ts`, which the process loads by itself. Here are its help and its place among the commands.

import { type Define, examples } from "../command.js";
import { plugin } from "../plugin.js";

export const definePlugin: Define = (program, _io, finish) => {
  program
    .command("plugin")
    .description("Run one program as a plugin of the public bpf_conformance runner, which has it on standard input.")
    .argument("[memory]", "what r1 points to, as hexadecimal bytes; r2 is its length")
    .option("--interpret", "by the interpreter (default)")
    .option("--jit", "by the JIT")
    .option("--elf", "the input is an ELF file whose code is run")
    .addHelpText(
      "after",
      `
The program is one line of hexadecimal bytes. r0 goes to standard output in hexadecimal, and the exit code
is 0; whatever keeps the program from returning goes to standard error, and the exit code is 1.
${examples(["rox plugin --jit < program.hex", "bpf_conformance_runner --test_file_directory tests --plugin_path rox-plugin"])}`,
    )
    .action(async (memory: string | undefined, flags: Record<string, boolean>) => {
      const options = Object.keys(flags).map((name) => `--${name}`);
      finish(await plugin([...(memory === undefined ? [] : [memory]), ...options]));
    });
};
