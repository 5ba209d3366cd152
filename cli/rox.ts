#!/usr/bin/env node
// The `rox` command. Everything is in main.ts; here only the process: its streams, its signals and its exit code.

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
}
// A reader such as `head` may go away: that is its right, not our failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    throw error;
  });
}

const argv = process.argv.slice(2);
if (argv[0] === "plugin" && !argv.includes("--help") && !argv.includes("-h")) {
  // It starts once for each test of a suite, and needs little of all this.
  const { plugin } = await import("./plugin.js");
  process.exitCode = await plugin(argv.slice(1));
} else {
  const { main } = await import("./main.js");
  process.exitCode = await main(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    // The window may change its size at any time.
    get columns() {
      return process.stdout.columns ?? process.stderr.columns ?? 100;
    },
    isTerminal: process.stderr.isTTY === true,
    stop: stop.signal,
  });
}
