// All commands as one table, read from what defines them: completion and the man page are made of it.

import type { Command, Option } from "commander";

export interface CommandRow {
  /** `["corpus", "add"]`; empty for `rox` itself. */
  readonly path: readonly string[];
  readonly summary: string;
  /** Of its arguments, as `<file>` or `[paths...]`. */
  readonly operands: readonly string[];
  readonly options: readonly OptionRow[];
}

interface OptionRow {
  /** With dashes. */
  readonly long: string;
  readonly short: string | undefined;
  /** `<n>`; undefined for a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  /** With its default. */
  readonly text: string;
}

/** @param text what help says of an option */
export function commandTable(program: Command, text: (option: Option) => string): readonly CommandRow[] {
  const rows = (command: Command, path: readonly string[]): readonly CommandRow[] => [
    {
      ...{ path, summary: command.description() },
      operands: command.registeredArguments.map((argument) => {
        const name = argument.variadic ? `${argument.name()}...` : argument.name();
        return argument.required ? `<${name}>` : `[${name}]`;
      }),
      options: [...command.options.filter(({ hidden }) => !hidden).map((option) => optionRow(option, text)), HELP],
    },
    ...command.commands.flatMap((inner) => rows(inner, [...path, inner.name()])),
  ];
  return rows(program, []);
}

const HELP: OptionRow = { long: "--help", short: "-h", value: undefined, choices: [], text: "print the help" };

const optionRow = (option: Option, text: (option: Option) => string): OptionRow => ({
  ...{ long: option.long ?? option.flags, short: option.short, value: /[<[].*$/.exec(option.flags)?.[0] },
  ...{ choices: option.argChoices ?? [], text: text(option) },
});

/** What may follow directly below a command. */
export const below = (table: readonly CommandRow[], path: readonly string[]): readonly CommandRow[] =>
  table.filter((row) => row.path.length === path.length + 1 && path.every((name, i) => row.path[i] === name));
