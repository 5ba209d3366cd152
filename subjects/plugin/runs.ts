// Runs of a plugin, a process each: several at once, those that will be asked for begun ahead. What they write is bounded, and
// none of them outlives us.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { endOf, makePipes, oneLineOf, pipeFrom, pipeTo, readSome, sleep } from "../command/pipes.js";

export interface PluginCall {
  /** The program, as the plugin reads it. */
  readonly code: string;
  readonly args: readonly string[];
}

export type PluginEnd =
  | { readonly kind: "exited"; readonly code: number; readonly out: string; readonly said: string }
  | { readonly kind: "killed"; readonly signal: number }
  | { readonly kind: "tooMuch" | "timeout" }
  | { readonly kind: "notStarted"; readonly why: string };

export const MOST_OUTPUT_BYTES = 1 << 16;
const MOST_AT_ONCE = 16;
/** Ends the groups of the last line that it was told, once nobody holds the pipe any more. */
const WATCH = 'while read -r line; do last=$line; done; for group in $last; do kill -s KILL -- "-$group"; done';

/** Files that one run at a time uses. */
type Slot = Readonly<Record<"input" | "out" | "said", string>>;

interface Running {
  readonly slot: Slot;
  readonly pid: number | undefined;
  readonly out: Drain;
  readonly said: Drain;
  readonly deadline: number;
}

export class PluginRuns {
  private directory: string | undefined;
  private free: Slot[] = [];
  private life = -1;
  private readonly running = new Map<string, Running>();
  private waiting: PluginCall[] = [];

  constructor(
    private readonly file: string,
    private readonly timeoutMs: number,
  ) {}

  /** Calls that will be asked for, in order. */
  announce(calls: readonly PluginCall[]): void {
    this.waiting = [...calls];
    // What was begun for somebody who did not come.
    for (const key of this.running.keys()) this.end(key);
    this.fill();
  }

  call(call: PluginCall): PluginEnd {
    const key = keyOf(call);
    if (!this.running.has(key)) {
      this.waiting = this.waiting.filter((one) => keyOf(one) !== key);
      this.begin(call);
    }
    const result = this.await(this.running.get(key)!);
    this.end(key);
    this.fill();
    return result;
  }

  close(): void {
    this.waiting = [];
    for (const key of this.running.keys()) this.end(key);
    if (this.directory === undefined) return;
    closeSync(this.life);
    rmSync(this.directory, { recursive: true, force: true });
    this.directory = undefined;
    this.free = [];
  }

  /** Begin what waits, as far as there is room for it. One place is left for whoever did not say that he comes. */
  private fill(): void {
    while (this.waiting.length > 0 && (this.directory === undefined || this.free.length > 1)) {
      this.begin(this.waiting.shift()!);
    }
  }

  private begin(call: PluginCall): void {
    const key = keyOf(call);
    if (this.running.has(key)) return;
    this.open();
    const slot = this.free.pop()!;
    writeFileSync(slot.input, `${call.code}\n`);
    const input = openSync(slot.input, "r");
    const [out, childOut] = pipeFrom(slot.out);
    const [said, childErr] = pipeFrom(slot.said);
    const child = orphan(spawn(this.file, call.args, { stdio: [input, childOut, childErr], detached: true }));
    for (const fd of [input, childOut, childErr]) closeSync(fd);
    const deadline = performance.now() + this.timeoutMs;
    this.running.set(key, { slot, pid: child.pid, out: new Drain(out), said: new Drain(said), deadline });
    this.tellWatch();
  }

  private await({ pid, out, said, deadline }: Running): PluginEnd {
    if (pid === undefined) return { kind: "notStarted", why: `${this.file} cannot be started` };
    for (let idle = 0; ; idle++) {
      // Looked at first: what it wrote is all there when it has ended.
      const end = endOf(pid);
      out.read();
      said.read();
      if (out.bytes > MOST_OUTPUT_BYTES || said.bytes > MOST_OUTPUT_BYTES) return { kind: "tooMuch" };
      if (end !== undefined) {
        if (end.signal !== 0) return { kind: "killed", signal: end.signal };
        return { kind: "exited", code: end.code, out: out.text(), said: said.text() };
      }
      if (performance.now() > deadline) return { kind: "timeout" };
      sleep(Math.min(1, 0.1 * idle));
    }
  }

  private end(key: string): void {
    const { slot, pid, out, said } = this.running.get(key)!;
    this.running.delete(key);
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
    out.close();
    said.close();
    this.free.push(slot);
    this.tellWatch();
  }

  private open(): void {
    if (this.directory !== undefined) return;
    const directory = mkdtempSync(path.join(tmpdir(), "rox-"));
    this.directory = directory;
    const atOnce = 1 + Math.min(MOST_AT_ONCE, 2 * availableParallelism());
    const place = (name: string, i: number): string => path.join(directory, `${name}-${i}`);
    this.free = Array.from({ length: atOnce }, (_, i) => ({
      input: place("input", i),
      out: place("out", i),
      said: place("said", i),
    }));
    const life = path.join(directory, "life");
    if (!makePipes([life, ...this.free.flatMap(({ out, said }) => [out, said])])) {
      throw new Error(`expected named pipes in ${directory}, got none`);
    }
    const [watched, held] = pipeTo(life);
    orphan(spawn("sh", ["-c", WATCH], { stdio: [watched, "ignore", "ignore"], detached: true }));
    closeSync(watched);
    this.life = held;
  }

  private tellWatch(): void {
    const groups = [...this.running.values()].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    try {
      writeSync(this.life, `${groups.join(" ")}\n`);
    } catch {
      // Nobody watches, or he is far behind: the next line says it again.
    }
  }
}

const keyOf = ({ code, args }: PluginCall): string => JSON.stringify([code, args]);

/** Nobody is told of its end, and nobody waits for it. */
function orphan(child: ChildProcess): ChildProcess {
  child.on("error", () => {});
  child.unref();
  return child;
}

/** The readable end of a pipe and what came out of it, up to what is too much. */
class Drain {
  private readonly chunks: Buffer[] = [];
  private readonly chunk = Buffer.alloc(4096);
  bytes = 0;

  constructor(private readonly fd: number) {}

  read(): void {
    while (this.bytes <= MOST_OUTPUT_BYTES) {
      const got = readSome(this.fd, this.chunk);
      if (!got) return;
      this.chunks.push(Buffer.from(this.chunk.subarray(0, got)));
      this.bytes += got;
    }
  }

  text(): string {
    return oneLineOf(Buffer.concat(this.chunks).toString("utf8"));
  }

  close(): void {
    closeSync(this.fd);
  }
}
