// Completion scripts for shells, from the table of commands.

import { below, type CommandRow } from "./command-table.js";

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, table: readonly CommandRow[]): string {
  switch (shell) {
    case "bash":
      return bash(table);
    case "zsh":
      return zsh(table);
    case "fish":
      return fish(table);
    default:
      return shell satisfies never;
  }
}

const pathText = ({ path }: CommandRow): string => path.map((name) => ` ${name}`).join("");
const nameOf = ({ path }: CommandRow): string => path.at(-1) ?? "";
/** Between single quotes. */
const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const firstSentence = (text: string): string => text.split(/[.;:](?:\s|$)/)[0] ?? text;

/** Commands passed on the way, then what follows an option with choices, then names, then files. */
function bash(table: readonly CommandRow[]): string {
  const paths = table.map(pathText).filter((path) => path !== "");
  const choices = table.flatMap((row) =>
    row.options.flatMap(({ long, choices: all }) =>
      all.length === 0 ? [] : [`    ${quote(`${pathText(row)} ${long}`)}) words=${quote(all.join(" "))} ;;`],
    ),
  );
  const words = table.map((row) => {
    const names = [...below(table, row.path).map(nameOf), ...row.options.map(({ long }) => long)];
    return `      ${quote(pathText(row))}) words=${quote(names.join(" "))} ;;`;
  });
  return `# bash completion of rox: source <(rox completion bash)
_rox() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= words= i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
      ${paths.map(quote).join(" | ")}) command="$command \${COMP_WORDS[i]}" ;;
    esac
  done
  case "$command $prev" in
${choices.join("\n")}
  esac
  if [ -z "$words" ]; then
    case "$command" in
${words.join("\n")}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$cur"))
}
complete -o filenames -F _rox rox
`;
}

function zsh(table: readonly CommandRow[]): string {
  const described = (name: string, text: string): string =>
    quote(`${name}:${firstSentence(text).replaceAll(":", "\\:")}`);
  const paths = table.map(pathText).filter((path) => path !== "");
  const choices = table.flatMap((row) =>
    row.options.flatMap(({ long, choices: all }) =>
      all.length === 0 ? [] : [`    ${quote(`${pathText(row)} ${long}`)}) compadd -- ${all.join(" ")}; return ;;`],
    ),
  );
  const words = table.map((row) => {
    const names = [
      ...below(table, row.path).map((inner) => described(nameOf(inner), inner.summary)),
      ...row.options.map(({ long, text }) => described(long, text)),
    ];
    return `    ${quote(pathText(row))}) all=(${names.join(" ")}) ;;`;
  });
  return `#compdef rox
# zsh completion of rox: rox completion zsh > some folder of $fpath/_rox
_rox() {
  local command= i
  local -a all
  for ((i = 2; i < CURRENT; i++)); do
    case "$command \${words[i]}" in
      ${paths
        .map((path) => `(${quote(path)})`)
        .join(" | ")
        .replaceAll(/[()]/g, "")}) command="$command \${words[i]}" ;;
    esac
  done
  case "$command \${words[CURRENT - 1]}" in
${choices.join("\n")}
  esac
  case "$command" in
${words.join("\n")}
  esac
  _describe rox all
  _files
}
if [ "$funcstack[1]" = _rox ]; then _rox "$@"; else compdef _rox rox; fi
`;
}

function fish(table: readonly CommandRow[]): string {
  const seen = (path: readonly string[]): string =>
    path.length === 0
      ? "__fish_use_subcommand"
      : path.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
  const lines = table.flatMap((row) => {
    const condition = `complete -c rox -n ${quote(seen(row.path))}`;
    return [
      ...below(table, row.path).map(
        (inner) => `${condition} -a ${nameOf(inner)} -d ${quote(firstSentence(inner.summary))}`,
      ),
      ...row.options.map(({ long, short, value, choices, text }) =>
        [
          `${condition} -l ${long.slice(2)}`,
          ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
          ...(value === undefined ? [] : ["-r"]),
          ...(choices.length === 0 ? [] : [`-f -a ${quote(choices.join(" "))}`]),
          `-d ${quote(firstSentence(text))}`,
        ].join(" "),
      ),
    ];
  });
  return `# fish completion of rox: rox completion fish > ~/.config/fish/completions/rox.fish\n${lines.join("\n")}\n`;
}
