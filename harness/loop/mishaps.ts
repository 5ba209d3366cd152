// What may happen to a campaign's process, one at a time. Each ends with no process at work.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isLog } from "./log.js";
import { HANG_MS } from "./pool.js";

/** One process of a campaign. */
export interface CampaignProcess {
  /** The compiled command. */
  readonly rox: string;
  readonly directory: string;
  readonly engine: string;
  readonly seed: number;
  /** How long a worker may stay with one case. */
  readonly hangMs?: number;
  /** When it ends, after the campaign has begun. */
  readonly afterMs: number;
  /** Counted from when it has something new in its log, so that fresh work is at stake. */
  readonly atWork?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Mishap {
  readonly name: string;
  /** @returns what was wrong, in words */
  happen(options: CampaignProcess): Promise<readonly string[]>;
}

const NO_PROBLEM: readonly string[] = [];

/**
 * `ended`: `killed`, or the exit code and the last words. `begun`: when it has said its first line and, for a campaign that
 * shall be at work, has something new in its log; or when it has ended.
 */
interface Running {
  readonly child: ChildProcess;
  readonly begun: Promise<void>;
  readonly ended: Promise<string>;
}

function start({ rox, directory, engine, seed, hangMs = HANG_MS, env, atWork = false }: CampaignProcess): Running {
  const place = ["--out", directory, "--continue", "--seed", `${seed}`, "--engine", engine];
  const child = spawn(
    process.execPath,
    [rox, "fuzz", ...place, "--jobs", "2", "--time", "24h", "--hang", `${hangMs}ms`],
    {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    },
  );
  let said = "";
  child.stderr.on("data", (data: Buffer) => {
    said = `${said}${data.toString()}`.slice(-500);
  });
  const ended = new Promise<string>((resolve) => {
    child.on("close", (code, signal) => resolve(signal === "SIGKILL" ? "killed" : `code ${code}: ${said.trim()}`));
  });
  const spoken = new Promise<void>((resolve) => {
    child.stdout.once("data", () => resolve());
    void ended.then(() => resolve());
  });
  const atWorkSince = async (): Promise<void> => {
    const before = logBytes(directory);
    const until = performance.now() + LONGEST_CHUNK_MS;
    while (child.exitCode === null && logBytes(directory) === before && performance.now() < until) await sleep(POLL_MS);
  };
  return { child, begun: atWork ? spoken.then(atWorkSince) : spoken, ended };
}
const LONGEST_CHUNK_MS = 60_000;
const POLL_MS = 20;

/** Of all files of its log; 0 if there is no campaign yet. */
function logBytes(directory: string): number {
  const sizes = (existsSync(directory) ? readdirSync(directory) : [])
    .filter(isLog)
    .map((file) => statSync(path.join(directory, file), { throwIfNoEntry: false })?.size ?? 0);
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function kill({ child, ended }: Running): Promise<readonly string[]> {
  child.kill("SIGKILL");
  const how = await ended;
  return how === "killed" ? NO_PROBLEM : [`the process had ended with ${how}`];
}

const killed: Mishap = {
  name: "kill -9",
  async happen(options) {
    const running = start(options);
    await running.begun;
    await sleep(options.afterMs);
    return kill(running);
  },
};

/** Before it has begun, or about then. */
const killedAtTheStart: Mishap = {
  name: "kill -9 at the start",
  async happen(options) {
    const running = start(options);
    await sleep(options.afterMs / 4);
    return kill(running);
  },
};

/** All its threads stand still for longer than a case may take, and go on. Nobody hung. */
const stopped: Mishap = {
  name: "stopped, then kill -9",
  async happen(options) {
    const running = start(options);
    await running.begun;
    await sleep(options.afterMs / 2);
    running.child.kill("SIGSTOP");
    await sleep(Math.min(1.2 * (options.hangMs ?? HANG_MS), LONGEST_STANDSTILL_MS));
    running.child.kill("SIGCONT");
    await sleep(options.afterMs / 2);
    return kill(running);
  },
};
const LONGEST_STANDSTILL_MS = 6000;

/** The clock of the day jumps back by an hour, again and again. */
const clockBack: Mishap = {
  name: "a clock that jumps back, then kill -9",
  happen: (options) => killed.happen({ ...options, env: { ...options.env, NODE_OPTIONS: `--import=${CLOCK}` } }),
};
const CLOCK = `data:text/javascript,${encodeURIComponent(
  "const now = Date.now; let asked = 0; Date.now = () => now() - 3600000 * (asked++ % 3);",
)}`;

/** One of the two is refused, whichever; the other one goes on. */
const twoAtOnce: Mishap = {
  name: "two processes at once, then kill -9",
  async happen(options) {
    const both = [start(options), start(options)];
    const first = await Promise.race(both.map(async (one, i) => ({ how: await one.ended, i })));
    const problems = /at work on it|somebody else taking it/.test(first.how) ? [] : [`one of two: ${first.how}`];
    const other = both[1 - first.i]!;
    await other.begun;
    await sleep(options.afterMs);
    return [...problems, ...(await kill(other))];
  },
};

/** While one is at work, another one is refused. */
const second: Mishap = {
  name: "a second process, then kill -9",
  async happen(options) {
    const running = start(options);
    await running.begun;
    const how = await start(options).ended;
    const problems = how.includes("at work on it") ? [] : [`the second process: ${how}`];
    await sleep(options.afterMs);
    return [...problems, ...(await kill(running))];
  },
};

export const MISHAPS: readonly Mishap[] = [killed, stopped, killedAtTheStart, clockBack, killed, twoAtOnce, second];

/** Somebody else fills the disk: the campaign says so and ends. Needs a disk of its own. */
export const fullDisk: Mishap = {
  name: "a full disk",
  async happen(options) {
    const running = start(options);
    await running.begun;
    await sleep(options.afterMs);
    const filler = path.join(path.dirname(options.directory), "filler");
    fill(filler);
    const how = await Promise.race([running.ended, sleep(FULL_MS).then(() => "still at work")]);
    if (how === "still at work") await kill(running);
    rmSync(filler, { force: true });
    return /full disk/.test(how) ? NO_PROBLEM : [how];
  },
};
const FULL_MS = 60_000;

/** Every block of the disk that the folder lies on. */
function fill(file: string): void {
  if (existsSync(file)) rmSync(file);
  for (let bytes = statfsSync(path.dirname(file)).bsize * 1024; bytes >= 512; bytes /= 2) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: "a" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }
}
