// A built checkout that is measured, in a process of its own.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { Measured, Order } from "./child.js";

const CHILD = new URL("./child.js", import.meta.url);

export interface Measurable {
  readonly folder: string;
  /** Memory as its own workers have it. */
  readonly execArgv: string[];
}

export class Build {
  readonly folder: string;
  private readonly process: ChildProcess;

  constructor({ folder, execArgv }: Measurable, subject: string | undefined) {
    this.folder = folder;
    this.process = fork(CHILD, subject === undefined ? [folder] : [folder, subject], { execArgv });
  }

  /** Microseconds a compared case. */
  async measure(order: Order): Promise<number> {
    const answer = once(this.process, "message");
    this.process.send(order);
    const [{ ms, compared }] = (await answer) as [Measured];
    if (compared === 0) throw new Error(`${this.folder}: not one case of the workload agrees`);
    return (1000 * ms) / compared;
  }

  /** Resolves when its process is gone. */
  async end(): Promise<void> {
    const { connected, exitCode, signalCode } = this.process;
    if (connected) this.process.disconnect();
    if (exitCode === null && signalCode === null) await once(this.process, "exit");
  }
}
