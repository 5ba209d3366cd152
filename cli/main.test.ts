import { Command } from "commander";
import { expect, test } from "vitest";
import { capture } from "../testing/capture.js";
import { COMMANDS, nameOf } from "./commands/index.js";

test.each([
  { argv: [], says: "rox: expected a command, got nothing; see rox --help\n" },
  { argv: ["jump"], says: "rox: unknown command 'jump'; see rox --help\n" },
  { argv: ["gat"], says: "rox: unknown command 'gat' (Did you mean gate?); see rox --help\n" },
  { argv: ["gate", "--nope"], says: "rox gate: unknown option '--nope'; see rox gate --help\n" },
  {
    argv: ["gate", "--seed", "x"],
    says:
      "rox gate: option '--seed <n>' argument 'x' is invalid. Expected a whole number from 0 to 4294967295.; " +
      "see rox gate --help\n",
  },
  { argv: ["report"], says: "rox report: missing required argument 'campaign'; see rox report --help\n" },
  { argv: ["conform"], says: "rox conform: missing required argument 'path'; see rox conform --help\n" },
  {
    argv: ["golden", "x", "--cpu", "m1"],
    says:
      "rox golden: option '--cpu <cpu>' argument 'm1' is invalid. Allowed choices are max, cortex-a57, lse, ll-sc.; " +
      "see rox golden --help\n",
  },
  {
    argv: ["conform", "no/such.data"],
    says: "rox: no/such.data: expected a readable file, got no such file; check the path\n",
  },
  {
    argv: ["mutants", "--of", "interpreter"],
    says: "rox: --of: expected --automatic N beside it, got none; add it, or leave --of out\n",
  },
  ...["conform", "golden"].map((command) => ({
    argv: [command, "x", "--subject", "other"],
    says: 'rox: --subject: expected one of impl, linux:IMAGE, FILE.json or plugin:PATH, got "other"; see docs/subjects.md and docs/linux.md\n',
  })),
])("$argv is refused with one line and exit code 2", async ({ argv, says }) => {
  expect(await capture(argv)).toEqual({ code: 2, out: "", err: says });
});

test.each([["--help"], ["help"], ["gate", "--help"], ["help", "gate"], ["--version"]])(
  "%s %s is help, exit code 0",
  async (...argv) => {
    const { code, out, err } = await capture(argv);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(argv.includes("--version") ? /^\d+\.\d+\.\d+\n$/ : /Usage: rox/);
  },
);

test("the help of every command shows an example", async () => {
  for (const name of ["conform", "golden", "gate"]) {
    expect((await capture([name, "--help"])).out).toMatch(new RegExp(`Examples:\\n  \\$ rox ${name}`));
  }
});

test.each(COMMANDS.map((entry) => [nameOf(entry), entry] as const))(
  "the overview says of %s what it says of itself",
  async (name, { usage, description, oldName, load }) => {
    const program = new Command("rox");
    const io = {
      out: () => true,
      err: () => true,
      columns: 100,
      isTerminal: false,
      stop: new AbortController().signal,
    };
    (await load())(program, io, () => {});
    const shown = program.commands.filter((command) => program.createHelp().visibleCommands(program).includes(command));
    expect(shown.map((command) => [program.createHelp().subcommandTerm(command), command.description()])).toEqual([
      [usage, description],
    ]);
    expect(program.commands.map((command) => command.name())).toEqual(oldName === undefined ? [name] : [name, oldName]);
  },
);
