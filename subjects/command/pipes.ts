// Processes without the event loop: checks are synchronous. Named pipes are opened before a process starts; reading never
// blocks, and how a process ended is looked up, since nobody waits for it.

import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs";
import { STEERING } from "./protocol.js";

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** @returns whether there are such files now */
export const makePipes = (files: readonly string[]): boolean => spawnSync("mkfifo", files).status === 0;

/** One that a process reads from: its end, which blocks, and ours. */
export function pipeTo(file: string): readonly [theirs: number, ours: number] {
  // The first reader lets the writer open without waiting for one that blocks.
  const first = openSync(file, O_RDONLY | O_NONBLOCK);
  const ours = openSync(file, O_WRONLY | O_NONBLOCK);
  const theirs = openSync(file, O_RDONLY);
  closeSync(first);
  return [theirs, ours];
}

/** One that a process writes to: our end, and its, which blocks. */
export function pipeFrom(file: string): readonly [ours: number, theirs: number] {
  const ours = openSync(file, O_RDONLY | O_NONBLOCK);
  return [ours, openSync(file, O_WRONLY)];
}

const SLEEPS = new Int32Array(new SharedArrayBuffer(4));
export const sleep = (ms: number): void => {
  Atomics.wait(SLEEPS, 0, 0, ms);
};

/** Bytes read; 0 at the end, undefined if there is nothing now. */
export function readSome(fd: number, into: Buffer): number | undefined {
  try {
    return readSync(fd, into);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EAGAIN") return undefined;
    throw error;
  }
}

/** How a child ended that nobody has waited for; undefined if it has not, or is gone. */
export function endOf(pid: number): { readonly signal: number; readonly code: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the name in brackets, which may hold anything: the state; Linux keeps the status in the last field.
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .trimEnd()
      .split(" ");
    const status = Number(fields.at(-1));
    return fields[0] === "Z" ? { signal: status & 0x7f, code: status >> 8 } : undefined;
  } catch {
    return undefined;
  }
}

/** The same in words. */
export function exitOf(pid: number): string {
  const end = endOf(pid);
  if (end === undefined) return "nobody knows how";
  return end.signal !== 0 ? `signal ${end.signal}` : `exit code ${end.code}`;
}

/** What a process said, without what a terminal would obey. */
export const oneLineOf = (text: string): string => text.replaceAll(STEERING, " ").trim();
