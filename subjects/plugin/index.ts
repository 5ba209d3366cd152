// The subject `plugin:PATH`: any VM with a plugin of the bpf_conformance suite. It is started for each run, gets the program
// and its memory in hexadecimal, and tells r0: nothing else can be compared.

import { accessSync, constants } from "node:fs";
import { encode } from "../../spec/bpf/insn.js";
import { ROWS } from "../../spec/bpf/isa.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { Layout, Program } from "../../spec/bpf/program.js";
import { LINUX_DIALECT } from "../dialect.js";
import { KERNEL_ONLY, KERNEL_ORACLES } from "../program-parts.js";
import type {
  HostedCase,
  HostedProgram,
  HostedRun,
  ProgramHost,
  ProgramLoad,
  ProgramSubject,
} from "../program-subject.js";
import { frameAt, layoutOf } from "../run/layout.js";
import { MOST_OUTPUT_BYTES, type PluginCall, type PluginEnd, PluginRuns } from "./runs.js";

const TIMEOUT_MS = 10_000;
const MOST_WORDS = 200;
/** What a plugin cannot be given. */
const WITHOUT = [
  "lddw mapFd",
  "lddw mapFdValue",
  "lddw mapIndex",
  "lddw mapIndexValue",
  "lddw variable",
  "lddw code",
  "call kfunc",
  "call helper",
];

/** @param spec what follows `plugin:`: the path, and options behind spaces @returns what is wrong, in one line */
export function pluginSubject(spec: string): ProgramSubject | string {
  const [file = "", ...options] = spec.split(/\s+/).filter((word) => word !== "");
  try {
    accessSync(file, constants.X_OK);
  } catch {
    return `${JSON.stringify(file)}, which is no program that can be run`;
  }
  return {
    name: `plugin:${[file, ...options].join(" ")}`,
    mute: KERNEL_ORACLES,
    untried: KERNEL_ONLY,
    dialect: {
      ...LINUX_DIALECT,
      isKernel: false,
      forms: new Set(
        ROWS.filter(
          ({ id, group }) => group !== "kernel" && group !== "linux" && group !== "packet" && !WITHOUT.includes(id),
        ).map(({ id }) => id),
      ),
      helpers: new Set(),
      maps: false,
      tailCalls: false,
      packets: false,
      mostSlots: 4096,
    },
    deviations: [],
    notes: ["memory, frames and registers: a plugin tells r0 alone"],
    open: () => new PluginHost(file, options),
  };
}

class PluginHost implements ProgramHost {
  private readonly runs: PluginRuns;

  constructor(
    file: string,
    private readonly options: readonly string[],
  ) {
    this.runs = new PluginRuns(file, TIMEOUT_MS);
  }

  announce(cases: readonly HostedCase[]): void {
    const calls = cases.flatMap(({ program, inputs }) => inputs.map((input) => this.callOf(codeOf(program), input)));
    this.runs.announce(calls);
  }

  load({ program }: HostedCase): ProgramLoad {
    const code = codeOf(program);
    const hosted: HostedProgram = {
      words: 0,
      sees: "r0",
      layout: (inputBytes) => layoutOf(program, inputBytes),
      elsewhere: (inputBytes) => moved(layoutOf(program, inputBytes, [frameAt(48, 512)])),
      extras: () => [],
      run: (input) => this.run(code, input),
    };
    return { kind: "loaded", program: hosted };
  }

  close(): void {
    this.runs.close();
  }

  private callOf(code: string, input: Uint8Array): PluginCall {
    return { code, args: [...(input.length > 0 ? [hexOf(input)] : []), ...this.options] };
  }

  private run(code: string, input: Uint8Array): HostedRun {
    const outcome = outcomeOf(this.runs.call(this.callOf(code, input)));
    return { outcome, violated: undefined, calls: [], executed: 0 };
  }
}

const codeOf = ({ code }: Program): string => hexOf(encode(code[0]!));

function outcomeOf(end: PluginEnd): Outcome {
  const fault = (detail: string): Outcome => ({ kind: "faulted", pc: undefined, why: "machine", detail });
  switch (end.kind) {
    case "timeout":
      return { kind: "outOfFuel" };
    case "tooMuch":
      return fault(`output: more than ${MOST_OUTPUT_BYTES} bytes`);
    case "notStarted":
      return fault(`start: ${end.why}`);
    case "killed":
      return fault(`crash: signal ${end.signal}`);
    case "exited": {
      if (end.code !== 0) return fault(`refusal: exit code ${end.code}: ${end.said.slice(0, MOST_WORDS)}`);
      const text = end.out.slice(0, MOST_WORDS).replace(/^0x/i, "");
      if (!/^[0-9a-f]{1,16}$/i.test(text)) return fault(`output: no hexadecimal number: ${text}`);
      return { kind: "returned", r0: BigInt(`0x${text}`), code: 0, regions: [] };
    }
    default:
      return end satisfies never;
  }
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

/** Everything elsewhere, with other low bits as well: a result that differs depends on addresses. */
const SHIFT = 0x10_0000_1008;
const moved = (layout: Layout): Layout => ({
  ...layout,
  context: { ...layout.context, base: layout.context.base + SHIFT },
  calleeStacks: { ...layout.calleeStacks, base: layout.calleeStacks.base + SHIFT },
});
