// Mutants in processes of their own, so that whatever one does (loops, memory, a crash at import) ends with the process.

import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import type { Build } from "./build.js";
import type { SearchResult, Task } from "./search-mutant.js";
import type { Witness } from "./searches.js";
import type { FromChild } from "./serve.js";

export interface Outcome {
  readonly result: SearchResult;
  readonly witness: Witness | undefined;
}

const MEMORY_MIB = 1024;
/** Characters of its errors that are looked at. */
const MOST_SAID = 65_536;

interface ForkedChild {
  readonly child: ChildProcess;
  /** The line of its errors that says most. */
  said(): string;
  /** Sends a message and waits for the answer; undefined if the process ends without one. */
  ask<Answer>(message: object): Promise<{ readonly message: Answer | undefined; readonly said: string }>;
}

/**
 * A process that loads the files of a variant in place of the originals.
 *
 * @param id undefined for the sources as they are
 * @param module path of what it runs, below `harness/`
 */
export function forkVariant(build: Build, id: string | undefined, module: string, stop: AbortSignal): ForkedChild {
  const replacements = id === undefined ? {} : (build.replacements.get(id) ?? {});
  return forkChild(build.module(module), stop, {
    execArgv: ["--import", build.module("mutants/register.js").href, `--max-old-space-size=${MEMORY_MIB}`],
    env: { ...process.env, ROX_REPLACEMENTS: JSON.stringify(replacements) },
  });
}

/** A process that ends with the run. */
export function forkChild(module: URL, stop: AbortSignal, options: Pick<ForkOptions, "execArgv" | "env">): ForkedChild {
  const child = fork(module, { ...options, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(0, MOST_SAID);
  });
  const kill = (): boolean => child.kill("SIGKILL");
  stop.addEventListener("abort", kill);
  // Of a process that was let go Node never says that it is closed.
  child.on("exit", () => stop.removeEventListener("abort", kill));
  const said = (): string => lastLine(text);
  const ask = <Answer>(message: object): Promise<{ readonly message: Answer | undefined; readonly said: string }> =>
    new Promise((resolve) => {
      let answer: Answer | undefined;
      child.on("message", (value) => {
        answer = value as Answer;
      });
      child.on("close", () => resolve({ message: answer, said: said() }));
      child.send(message);
    });
  return { child, said, ask };
}

/** @param id undefined for the sources as they are */
export async function runChild(build: Build, id: string | undefined, task: Task, stop: AbortSignal): Promise<Outcome> {
  const served = new TaskProcess(forkVariant(build, id, "mutants/child.js", stop));
  const outcome = await served.run(task);
  await served.end();
  return outcome;
}

/** A process that serves tasks, one at a time. */
export class TaskProcess {
  /** Tasks that were given to it. */
  tasks = 0;
  private readonly child: ChildProcess;
  private readonly ready: Promise<void>;
  private readonly exited: Promise<void>;
  private hasEnded = false;

  constructor(private readonly forked: ForkedChild) {
    const { child } = forked;
    this.child = child;
    this.exited = new Promise((resolve) => child.once("exit", () => resolve()));
    this.ready = new Promise((resolve) => {
      child.once("message", () => resolve());
      child.once("close", () => {
        this.hasEnded = true;
        resolve();
      });
    });
  }

  /** Whether it can take another task. */
  get isAlive(): boolean {
    return !this.hasEnded;
  }

  async run(task: Task): Promise<Outcome> {
    const { child } = this;
    this.tasks++;
    await this.ready;
    const started = performance.now();
    let result: SearchResult | undefined;
    return new Promise((resolve) => {
      const end = (witness: Witness | undefined): void => {
        child.off("message", hear).off("close", gone);
        const { exitCode, signalCode } = child;
        const got =
          signalCode === "SIGKILL" ? "it hangs" : `it ends with ${signalCode ?? exitCode}: ${this.forked.said()}`;
        resolve({ result: result ?? died(got, (performance.now() - started) / 1000), witness });
      };
      const hear = (message: FromChild): void => {
        if (message.kind === "ended") result = message.result;
        else if (message.kind === "done") end(message.witness);
      };
      const gone = (): void => end(undefined);
      if (this.hasEnded) return gone();
      child.on("message", hear).on("close", gone);
      child.send(task);
    });
  }

  /** It takes no more tasks. @returns when it is gone */
  end(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    return this.exited;
  }
}

const died = (got: string, seconds: number): SearchResult => ({
  ...{ kind: "killed", search: "programs", oracle: "process", where: "the process", expected: "a verdict", got },
  ...{ cases: 0, seconds },
});

const lastLine = (text: string): string =>
  /^(?:\w*Error|FATAL ERROR)\b.*$/m.exec(text)?.[0] ?? text.trim().split("\n").at(-1) ?? "";
