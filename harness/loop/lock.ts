// One process at a time works on a campaign's directory. The lock says which; that of a process that is no more counts for
// nothing, also where another process has its number by now.

import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Loaded, loaded, refuse } from "../bad-input.js";

const TRIES = 5;

/** @returns what gives it back */
export function takeLock(directory: string): Loaded<() => void> {
  const file = path.join(directory, "lock");
  const own = path.join(directory, `.lock.${process.pid}.tmp`);
  try {
    rmSync(own, { force: true });
    writeFileSync(own, `${process.pid} ${startOf(process.pid)}\n`, { flag: "wx" });
    for (let tries = 0; tries < TRIES; tries++) {
      if (linked(own, file)) return loaded(() => rmSync(file, { force: true }));
      const said = readIfThere(file);
      if (said === undefined) continue;
      const owner = Number(said.split(" ")[0]);
      if (isAtWork(owner, said)) {
        const got = `process ${owner} at work on it`;
        return refuse({
          ...{ subject: directory, expected: "a campaign that nobody works on", got, next: "stop it first" },
        });
      }
      putAway(file, said);
    }
    return refuse({ subject: file, expected: "a lock", got: "somebody else taking it", next: "try again" });
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    return refuse({ subject: file, expected: "a place to write", got, next: "check the directory" });
  } finally {
    rmSync(own, { force: true });
  }
}

/** It appears with all that it says, or not at all. */
function linked(own: string, file: string): boolean {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) !== "EPERM" && codeOf(error) !== "ENOTSUP") throw error;
  }
  // A file system without links.
  try {
    writeFileSync(file, readFileSync(own), { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Whoever is about to take the lock as well may have put it away first, and taken it: that one is put back. */
function putAway(file: string, said: string): void {
  const stale = path.join(path.dirname(file), `.lock.${process.pid}.stale`);
  try {
    renameSync(file, stale);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (readIfThere(stale) !== said) linked(stale, file);
  rmSync(stale, { force: true });
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim().slice(0, 100);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

function isAtWork(pid: number, said: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid || !isAlive(pid)) return false;
  const [, start = UNKNOWN] = said.split(" ");
  return start === UNKNOWN || startOf(pid) === UNKNOWN || startOf(pid) === start;
}

const UNKNOWN = "?";

/** When a process began, in ticks since the machine did; `?` where nobody says. */
function startOf(pid: number): string {
  try {
    // The name in front, in parentheses, may contain anything.
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
