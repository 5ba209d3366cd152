// Arguments in, exit code out. Commander parses; what it refuses becomes one line on stderr and exit code 2, and no
// exception of ours reaches the user as a stack trace unless ROX_DEBUG is set.

import { Command, CommanderError } from "commander";
import { oneLine, Refusal } from "../harness/bad-input.js";
import { raiseLimits } from "../harness/limits.js";
import { isFull, unwritable } from "../harness/output-file.js";
import { version } from "../harness/project.js";
import { KernelFault } from "../machine/fault.js";
import { Malformed } from "../spec/malformed.js";
import { NotModelled } from "../subjects/not-modelled.js";
import { complain } from "./command.js";
import { COMMANDS, isNamed } from "./commands/index.js";
import { afterHelp, optionText } from "./help.js";
import { BAD_INPUT, CLEAN, COUNTEREXAMPLE, type Io } from "./io.js";

/** Run `rox` with the arguments after the command's name. Never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let code = CLEAN;
  const program = await makeProgram(argv, io, (result) => {
    code = result;
  });
  if (argv.length === 0) {
    io.err("rox: expected a command, got nothing; see rox --help\n");
    return BAD_INPUT;
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return refused(error, commandName(program, argv), io);
    if (error instanceof Refusal) return complain(io, error.error);
    if (error instanceof NotModelled) {
      const expected = "a kernel whose every call is modelled";
      return complain(io, { subject: "--subject", expected, got: error.message, next: "see docs/linux.md" });
    }
    // A damaged part of a file that is looked at when it is needed.
    if (error instanceof Malformed) {
      const { expected, got, next = "name a file as it was built" } = error;
      return complain(io, { subject: "--subject", expected, got, next });
    }
    if (error instanceof KernelFault) {
      const expected = "a kernel that keeps its own rules";
      complain(io, { subject: "--subject", expected, got: error.message, next: "rox gate shows the shortest case" });
      return COUNTEREXAMPLE;
    }
    if (isFull(error)) return complain(io, unwritable((error as NodeJS.ErrnoException).path ?? "a file", error));
    const text = error instanceof Error ? error.message : String(error);
    io.err(`rox: internal error: ${oneLine(text)}; set ROX_DEBUG=1 to see where\n`);
    if (process.env.ROX_DEBUG !== undefined && error instanceof Error) io.err(`${error.stack}\n`);
    return BAD_INPUT;
  }
}

/** With the commands that the arguments may name; of the others only what help shows. */
async function makeProgram(argv: readonly string[], io: Io, setCode: (code: number) => void): Promise<Command> {
  const program = new Command("rox")
    .description("Run BPF programs through an interpreter and through the arm64 JIT, and compare.")
    .version(version(), "-V, --version", "print the version")
    .helpCommand("help [command]", "print the help of a command");
  for (const entry of COMMANDS) {
    if (isNamed(entry, argv)) (await entry.load())(program, io, setCode);
    else program.command(entry.usage).description(entry.description);
  }
  for (const command of withSubcommands(program)) {
    command.configureHelp({ optionDescription: optionText });
    command.exitOverride().configureOutput({
      writeOut: io.out,
      // Refusals are printed by `refused`, as one line.
      writeErr: () => {},
      getOutHelpWidth: () => io.columns,
    });
  }
  program
    .option("--limits <list>", "raise what may be read, such as line=512M,file=1G (before the command)")
    .on("option:limits", (text: string) => {
      const raised = raiseLimits(text);
      if (!raised.ok) throw new Refusal(raised.error);
    })
    .addHelpText("after", afterHelp());
  return program;
}

const withSubcommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(withSubcommands),
];

const commandName = (program: Command, [first = ""]: readonly string[]): string =>
  program.commands.some((command) => command.name() === first) ? `rox ${first}` : "rox";

function refused(error: CommanderError, name: string, io: Io): number {
  if (error.exitCode === 0) return CLEAN;
  const text = oneLine(error.message.replace(/^error: /, ""));
  io.err(`${name}: ${text === "(outputHelp)" ? "expected a command" : text}; see ${name} --help\n`);
  return BAD_INPUT;
}
