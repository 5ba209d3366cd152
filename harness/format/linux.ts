// What a kernel image is, as lines.

import type { KernelReport } from "../linux/kernel-report.js";
import { count, wrap } from "./text.js";

const KIB = 1024;
const LABEL = 14;

export function formatKernel(report: KernelReport, columns: number): string[] {
  const { symbols, kallsyms, hasDataSymbols, btfTypes, tables, code } = report;
  const line = (label: string, text: string): string[] => hanging(label.padEnd(LABEL), text, columns);
  const present = report.build.filter((feature) => feature.present).map(({ name }) => name);
  const absent = report.build.filter((feature) => !feature.present).map(({ name }) => name);
  const jit = report.jit.filter((feature) => feature.present).map(({ name }) => name);
  const rows = Object.entries(tables).map(([name, n]) => (n === null ? `${name}: not named` : `${name}: ${n}`));
  return [
    ...line("kernel", `Linux ${report.release}`),
    ...line("built", report.banner.replace(/^Linux version \S+ /, "")),
    ...line(
      "file",
      `${report.format}, linked at ${report.base}, ${Math.round(report.imageBytes / KIB / KIB)} MiB in memory`,
    ),
    ...line("pages", `${report.pageBytes / KIB} KiB`),
    ...line(
      "symbols",
      `${symbols}${hasDataSymbols ? "" : ", of functions only"} (${kallsyms === null ? "given" : `kallsyms, ${kallsyms}`})`,
    ),
    ...line("types", btfTypes === null ? "none: the image has no BTF" : `${btfTypes} in its BTF`),
    ...line("tables", `${rows.join(", ")}; ${pointersText(report)}`),
    ...line("JIT memory", report.allocator),
    ...line("build", `${list(present)}; without ${list(absent)}`),
    ...line("JIT supports", list(jit)),
    ...line("kernel code", codeText(code)),
    ...endings(code, columns),
    "",
    "can be checked:",
    ...report.checks.flatMap(({ name, missing }) =>
      missing.length === 0 ? [`  yes  ${name}`] : hanging("  no   ", `${name}: lacks ${missing.join(", ")}`, columns),
    ),
    ...report.advice.flatMap((sentence) => hanging("", sentence, columns)),
  ];
}

/** Whose pointers are in place has RELR, or does not move; a few may be RELA all the same. */
function pointersText({ relocations, pointersInPlace }: KernelReport): string {
  const entries = count(relocations, "RELA relocation");
  if (pointersInPlace === 0) return entries;
  const inPlace = `${count(pointersInPlace, "pointer")} in place (RELR)`;
  return relocations === 0 ? inPlace : `${inPlace}, ${entries}`;
}

function codeText({ functions, words, traps, unlisted }: KernelReport["code"]): string {
  const known = unlisted.filter(({ why }) => why !== undefined).length;
  const text = `${count(functions, "function")} of ${words} words may run, ${count(traps, "trap")} in place of others`;
  return known === 0 ? text : `${text}; ${known} more are called where no case comes`;
}

/** Calls that nobody has looked at. */
function endings({ unlisted }: KernelReport["code"], columns: number): readonly string[] {
  const unknown = unlisted.filter(({ why }) => why === undefined);
  if (unknown.length === 0) return [];
  return [
    "",
    "neither a trap nor on the list of functions that may run (a case that calls one ends there):",
    ...unknown.flatMap(({ name, callers }) => hanging("  ", `${name}, called from ${list(callers)}`, columns)),
  ];
}

/** A label, and text beside it that goes on under itself. */
function hanging(label: string, text: string, columns: number): string[] {
  const indent = " ".repeat(label.length);
  const lines = wrap(text.split(" "), columns, indent);
  return lines.map((line, i) => (i === 0 ? label + line.slice(indent.length) : line));
}

const list = (names: readonly string[]): string => (names.length === 0 ? "nothing" : names.join(", "));
