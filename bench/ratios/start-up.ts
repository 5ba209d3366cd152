// How long commands take that do little, in processor time of the whole process.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

interface Command {
  readonly name: string;
  readonly args: readonly string[];
}

const CASE = "corpus/fetch-returns-the-old-value.bpf";
export const COMMANDS: readonly Command[] = [
  { name: "rox --help", args: ["--help"] },
  { name: "rox run FILE", args: ["run", CASE] },
  { name: "rox replay FILE", args: ["replay", CASE] },
];

/** Loaded before the command: says in the end, on a channel of its own, what the process took. */
const TELL = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  process.on("exit", () => {
    const { user, system } = process.cpuUsage();
    writeSync(3, String((user + system) / 1000));
  });
`)}`;

/** @returns milliseconds of processor time, the start of Node included; NaN if the command did not end by itself */
export function startUpOf(build: string, { args }: Command): number {
  const { bin } = JSON.parse(readFileSync(path.join(build, "package.json"), "utf8")) as { bin: { rox: string } };
  const rox = path.join(build, bin.rox);
  const { output } = spawnSync(process.execPath, ["--import", TELL, rox, ...args], {
    cwd: build,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  return Number.parseFloat(String(output[3] ?? ""));
}
