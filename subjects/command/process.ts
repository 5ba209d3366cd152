// The process of an adapter, spoken to without the event loop: checks are synchronous, so are pipes here. Named pipes are
// opened before the process starts and unlinked at once; reading never blocks for longer than the time limit, and never
// takes more than an answer may have.

import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { exitOf, makePipes, oneLineOf, pipeFrom, pipeTo, readSome, sleep } from "./pipes.js";
import { MOST_ANSWER_BYTES } from "./protocol.js";

export interface CommandLine {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** For an answer. */
  readonly timeoutMs: number;
}

/** The process did not do what the protocol asks of it; it is no more. */
export class ProcessFailure extends Error {
  constructor(
    /** A word: what happened, without numbers. */
    readonly what: string,
    readonly detail = "",
  ) {
    super(detail === "" ? what : `${what}: ${detail}`);
  }
}

const PIPE_BYTES = 1 << 16;
const KEPT_WORDS = 400;
/**
 * Ends a process group as soon as nobody holds the pipe any more, however that came about: a thread was terminated, we were
 * killed. A line says that the group is gone already.
 */
const WATCH = 'read -r _ || kill -s KILL -- "-$1"';

export class AdapterProcess {
  private readonly toChild: number;
  private readonly fromChild: number;
  private readonly words: number;
  /** Held as long as the process may live. */
  private readonly life: number;
  private readonly pid: number;
  private readonly chunk = Buffer.alloc(PIPE_BYTES);
  private readonly heard = Buffer.alloc(4096);
  /** Read and not yet taken. */
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  /** To be written. */
  private queue: Uint8Array[] = [];
  private said = "";
  private isStopped = false;

  /** @throws ProcessFailure if it cannot be started */
  constructor(private readonly line: CommandLine) {
    const [program = "", ...args] = line.command;
    const directory = mkdtempSync(path.join(tmpdir(), "rox-"));
    try {
      const [request = "", answer = "", words = "", life = ""] = ["request", "answer", "words", "life"].map((name) =>
        path.join(directory, name),
      );
      if (!makePipes([request, answer, words, life])) throw new ProcessFailure("no named pipe can be made");
      const [childIn, toChild] = pipeTo(request);
      const [fromChild, childOut] = pipeFrom(answer);
      const [childWords, childErr] = pipeFrom(words);
      const child = spawn(program, args, {
        stdio: [childIn, childOut, childErr],
        env: { ...process.env, ...line.environment },
        // A group of its own: what it starts ends with it.
        detached: true,
      });
      const [watched, held] = pipeTo(life);
      const watch =
        child.pid === undefined
          ? undefined
          : spawn("sh", ["-c", WATCH, "sh", String(child.pid)], {
              stdio: [watched, "ignore", "ignore"],
              detached: true,
            });
      for (const one of [child, ...(watch ? [watch] : [])]) {
        one.on("error", () => {});
        one.unref();
      }
      for (const fd of [childIn, childOut, childErr, watched]) closeSync(fd);
      this.toChild = toChild;
      this.fromChild = fromChild;
      this.words = childWords;
      this.life = held;
      this.pid = child.pid ?? -1;
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
    if (this.pid < 0) {
      this.stop();
      throw new ProcessFailure("the command cannot be started", program);
    }
  }

  /** Put a frame into the queue, and write what the pipe takes. */
  send(frame: Uint8Array): void {
    this.queue.push(frame);
    this.flush();
  }

  /**
   * The body of the next frame.
   * @throws ProcessFailure if there is none in time, and then the process is gone
   */
  receive(): Uint8Array {
    const deadline = performance.now() + this.line.timeoutMs;
    const bytes = this.take(4, deadline).readUInt32LE(0);
    if (bytes > MOST_ANSWER_BYTES) {
      throw this.failed("an answer is too long", `${bytes} bytes, at most ${MOST_ANSWER_BYTES}`);
    }
    return this.take(bytes, deadline);
  }

  stop(): void {
    if (this.isStopped) return;
    this.isStopped = true;
    try {
      if (this.pid > 0) process.kill(-this.pid, "SIGKILL");
    } catch {
      // It was gone already.
    }
    try {
      writeSync(this.life, "\n");
    } catch {
      // Nobody watched.
    }
    for (const fd of [this.toChild, this.fromChild, this.words, this.life]) closeSync(fd);
  }

  private take(bytes: number, deadline: number): Buffer {
    for (let idle = 0; this.pendingBytes < bytes; ) {
      this.flush();
      this.listen();
      const got = readSome(this.fromChild, this.chunk);
      if (got === 0) throw this.died();
      if (got !== undefined) {
        this.pending.push(Buffer.from(this.chunk.subarray(0, got)));
        this.pendingBytes += got;
        idle = 0;
      } else if (performance.now() > deadline) {
        throw this.failed("no answer in time", `${this.line.timeoutMs} ms`);
      } else {
        idle++;
        if (idle > 1) sleep(Math.min(1, 0.02 * idle));
      }
    }
    const all = this.pending.length === 1 ? this.pending[0]! : Buffer.concat(this.pending);
    this.pendingBytes -= bytes;
    this.pending = this.pendingBytes === 0 ? [] : [all.subarray(bytes)];
    return all.subarray(0, bytes);
  }

  private flush(): void {
    while (this.queue.length > 0) {
      const [first] = this.queue as [Uint8Array];
      let written: number;
      try {
        written = writeSync(this.toChild, first);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EAGAIN") return;
        // The reader is gone: reading tells why.
        this.queue = [];
        return;
      }
      if (written === first.length) this.queue.shift();
      else this.queue[0] = first.subarray(written);
    }
  }

  /** What it says on standard error: the end of it is kept. */
  private listen(): void {
    const got = readSome(this.words, this.heard);
    if (got) this.said = (this.said + this.heard.toString("utf8", 0, got)).slice(-KEPT_WORDS);
  }

  private died(): ProcessFailure {
    sleep(5);
    this.listen();
    return this.failed("the process ended", exitOf(this.pid));
  }

  private failed(what: string, detail: string): ProcessFailure {
    const said = oneLineOf(this.said).slice(-160);
    this.stop();
    return new ProcessFailure(what, said === "" ? detail : `${detail}; it said: ${said}`);
  }
}
