// The commands, in the order in which help shows them. A command is loaded when it is named: each imports what it uses, which
// takes longer than most of them run.

import type { Define } from "../command.js";

interface CommandEntry {
  /** Its name with what it takes, as help shows it. */
  readonly usage: string;
  readonly description: string;
  /** Understood, and not shown. */
  readonly oldName?: string;
  readonly load: () => Promise<Define>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: "run [options] <file>",
    description: "Run one program in the interpreter and through the JIT, and compare.",
    load: () => import("./run.js").then(({ defineRun }) => defineRun),
  },
  {
    usage: "jit [options] <file>",
    description: "Compile one program and list each BPF instruction with its A64 code.",
    load: () => import("./jit.js").then(({ defineJit }) => defineJit),
  },
  {
    usage: "history [options] <file>",
    description: "Run one history of loads, runs, attaches and frees again, every oracle on.",
    oldName: "sequence",
    load: () => import("./history.js").then(({ defineHistory }) => defineHistory),
  },
  {
    usage: "pack [options] <file>",
    description: "Draw the packs as a history leaves them: which chunks are live, trampolines, slack and free.",
    load: () => import("./pack.js").then(({ definePack }) => definePack),
  },
  {
    usage: "conform [options] <path...>",
    description:
      "Run conformance files (.data) and kernel self-tests (.o) through the interpreter and the JIT, by RFC 9669 group.",
    load: () => import("./conform.js").then(({ defineConform }) => defineConform),
  },
  {
    usage: "golden [options] <path...>",
    description: "Compare with recordings of a real kernel: image bytes, and results where they are deterministic.",
    load: () => import("./golden.js").then(({ defineGolden }) => defineGolden),
  },
  {
    usage: "gate [options]",
    description: "Replay the corpus, then check fresh random programs, histories and other cases: a minute or two.",
    load: () => import("./gate.js").then(({ defineGate }) => defineGate),
  },
  {
    usage: "fuzz [options]",
    description:
      "Try random programs, histories and more for as long as you like, keep what is found, go on where you stopped.",
    load: () => import("./fuzz.js").then(({ defineFuzz }) => defineFuzz),
  },
  {
    usage: "report [options] <campaign>",
    description: "Write a campaign's report for a browser, also while the campaign is at work.",
    load: () => import("./report.js").then(({ defineReport }) => defineReport),
  },
  {
    usage: "replay [options] [paths...]",
    description: "Replay case files; a damaged or outdated one fails.",
    load: () => import("./replay.js").then(({ defineReplay }) => defineReplay),
  },
  {
    usage: "corpus",
    description: "Keep cases that show something: add, show, minimize, merge, migrate, check.",
    load: () => import("./corpus.js").then(({ defineCorpus }) => defineCorpus),
  },
  {
    usage: "mutants [options]",
    description:
      "Plant known bugs in our own sources, or in the machine code of a kernel image, and see whether each is found.",
    load: () => import("./mutants.js").then(({ defineMutants }) => defineMutants),
  },
  {
    usage: "linux [options] <image>",
    description:
      "Say what an arm64 Linux image is (version, pages, symbols, types, allocator), and what can be checked.",
    load: () => import("./linux.js").then(({ defineLinux }) => defineLinux),
  },
  {
    usage: "diff [options] <a> <b> [files...]",
    description: "Say which programs two kernels compile differently, by cause, with both images side by side.",
    load: () => import("./diff.js").then(({ defineDiff }) => defineDiff),
  },
  {
    usage: "cost [options] [workload]",
    description: "Count what a workload asks of the machine, and estimate its time: pages against packs.",
    load: () => import("./cost.js").then(({ defineCost }) => defineCost),
  },
  {
    usage: "tlb [options] [workload]",
    description: "Fetch as the series' stresser does, through a model of an instruction TLB: pages against packs.",
    load: () => import("./tlb.js").then(({ defineTlb }) => defineTlb),
  },
  {
    usage: "plugin [options] [memory]",
    description: "Run one program as a plugin of the public bpf_conformance runner, which has it on standard input.",
    load: () => import("./plugin.js").then(({ definePlugin }) => definePlugin),
  },
  {
    usage: "completion <shell>",
    description: "Print what makes a shell complete commands, options and their values.",
    load: () => import("./completion.js").then(({ defineCompletion }) => defineCompletion),
  },
  {
    usage: "man",
    description: "Print the man page.",
    load: () => import("./completion.js").then(({ defineMan }) => defineMan),
  },
];

export const nameOf = ({ usage }: CommandEntry): string => usage.split(" ")[0]!;

/** These tell of all the others. */
const TELL_OF_ALL: readonly string[] = ["completion", "man"];

/** Whether an argument may be the command's name, or needs it. */
export const isNamed = (entry: CommandEntry, argv: readonly string[]): boolean =>
  TELL_OF_ALL.includes(argv[0] ?? "") || argv.some((word) => word === nameOf(entry) || word === entry.oldName);
