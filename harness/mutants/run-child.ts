// One mutant in a process of its own, so that whatever it does (loops, memory, a crash at import) ends with the process.

import { fork } from "node:child_process";
import type { Attempt, Task } from "./attempt.js";
import type { Build } from "./build.js";
import type { FromChild } from "./child.js";
import type { Witness } from "./searches.js";

export interface Outcome {
  readonly attempt: Attempt;
  readonly witness: Witness | undefined;
}

const MEMORY_MIB = 1024;

/** @param id undefined for the sources as they are */
export function runChild(build: Build, id: string | undefined, task: Task, stop: AbortSignal): Promise<Outcome> {
  const replacements = id === undefined ? {} : (build.replacements.get(id) ?? {});
  const child = fork(build.module("child.js"), {
    execArgv: ["--import", build.module("register.js").href, `--max-old-space-size=${MEMORY_MIB}`],
    env: { ...process.env, ROX_REPLACEMENTS: JSON.stringify(replacements) },
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(0, 4000);
  });
  return new Promise((resolve) => {
    let started = performance.now();
    let attempt: Attempt | undefined;
    let witness: Witness | undefined;
    const kill = (): boolean => child.kill("SIGKILL");
    stop.addEventListener("abort", kill);
    child.on("message", (message: FromChild) => {
      if (message.kind === "ready") {
        started = performance.now();
        child.send(task);
      } else if (message.kind === "ended") attempt = message.attempt;
      else witness = message.witness;
    });
    child.on("close", (code, signal) => {
      stop.removeEventListener("abort", kill);
      const seconds = (performance.now() - started) / 1000;
      resolve({
        attempt:
          attempt ?? died(signal === "SIGKILL" ? "it hangs" : `it ends with code ${code}: ${lastLine(said)}`, seconds),
        witness,
      });
    });
  });
}

const died = (got: string, seconds: number): Attempt => ({
  ...{ kind: "killed", search: "programs", oracle: "process", where: "the process", expected: "a verdict", got },
  ...{ cases: 0, seconds },
});

const lastLine = (text: string): string => /^\w*Error.*$/m.exec(text)?.[0] ?? text.trim().split("\n").at(-1) ?? "";
