// What is read from files is bounded: one table, which `--help` and the docs show, and which an option raises.

import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";

const KIB = 1024;
const MIB = 1024 * KIB;

export const LIMITS = {
  file: { start: 64 * MIB, unit: "bytes", what: "a file that is read whole" },
  kernel: { start: 1024 * MIB, unit: "bytes", what: "a kernel image, or the vmlinux of one" },
  unpacked: { start: 4096 * MIB, unit: "bytes", what: "what a compressed or streamed recording unpacks to" },
  line: { start: 128 * MIB, unit: "bytes", what: "a line of a recording or log" },
  records: { start: 10_000_000, unit: "records", what: "lines of a recording or log" },
  nesting: { start: 64, unit: "levels", what: "JSON lists and objects in each other" },
  files: { start: 200_000, unit: "files", what: "files found below the folders that are named" },
} as const;
type LimitName = keyof typeof LIMITS;

const current = new Map<LimitName, number>();

export const limitOf = (name: LimitName): number => current.get(name) ?? LIMITS[name].start;

const UNITS: Readonly<Record<string, number>> = { "": 1, K: KIB, M: MIB, G: 1024 * MIB };

/** `line=512M,file=1G`: for this process. */
export function raiseLimits(text: string): Loaded<undefined> {
  for (const part of text.split(",")) {
    const match = /^([a-z]+)=(\d{1,12})([KMG]?)$/.exec(part.trim());
    const name = Object.keys(LIMITS).find((known) => known === match?.[1]) as LimitName | undefined;
    if (match === null || name === undefined) {
      const expected = `NAME=NUMBER with a name of ${Object.keys(LIMITS).join(", ")}, such as line=512M`;
      return refuse({ subject: "--limits", expected, got: part, next: "correct it" });
    }
    current.set(name, Number(match[2]) * UNITS[match[3]!]!);
  }
  return loaded(undefined);
}

/** `64 MiB`, `10000000 records`. */
function limitText(name: LimitName, value = limitOf(name)): string {
  const { unit } = LIMITS[name];
  if (unit !== "bytes") return `${value} ${unit}`;
  return value % MIB === 0 ? `${value / MIB} MiB` : `${value} bytes`;
}

/** More than is allowed of one of these. */
export const overLimit = (name: LimitName, subject: string, got: string): BadInput => ({
  ...{ subject, expected: `at most ${limitText(name)}: ${LIMITS[name].what}`, got },
  next: `name something smaller, or raise it with --limits ${name}=N`,
});

/** A line each, for `--help`. */
export const limitLines = (): readonly string[] =>
  (Object.keys(LIMITS) as LimitName[]).map(
    (name) => `  ${name.padEnd(9)} ${limitText(name, LIMITS[name].start).padEnd(17)} ${LIMITS[name].what}`,
  );
