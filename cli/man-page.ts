// The man page, from the table of commands.

import type { CommandRow } from "./command-table.js";

/** Text that roff leaves alone. */
const plain = (text: string): string =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll(/^([.'])/gm, "\\&$1");

/** @param more sections as they are in help: a heading that ends with a colon, and lines */
export function manPage(table: readonly CommandRow[], version: string, more: string): string {
  const [rox, ...commands] = table;
  const lines = [
    `.TH ROX 1 "" "roxcheck ${version}"`,
    ".SH NAME",
    `rox \\- ${plain(rox?.summary ?? "")}`,
    ".SH SYNOPSIS",
    ".B rox",
    "[\\-\\-limits LIST] COMMAND [OPTION...] [ARGUMENT...]",
    ".SH OPTIONS",
    ...options(rox),
    ".SH COMMANDS",
    ...commands.flatMap((row) => [
      `.SS ${plain(["rox", ...row.path, ...row.operands].join(" "))}`,
      plain(row.summary),
      ...options(row),
    ]),
    ...more.split("\n").flatMap((line) => {
      if (line === "") return [];
      return /^\S.*:$/.test(line) ? [`.SH ${line.slice(0, -1).toUpperCase()}`, ".nf"] : [plain(line)];
    }),
    ".fi",
  ];
  return `${lines.join("\n")}\n`;
}

const options = (row: CommandRow | undefined): readonly string[] =>
  (row?.options ?? []).flatMap(({ long, short, value, text }) => [
    ".TP",
    `\\fB${[...(short === undefined ? [] : [short]), long].map(plain).join(", ")}\\fR${value === undefined ? "" : ` ${plain(value)}`}`,
    plain(text),
  ]);
