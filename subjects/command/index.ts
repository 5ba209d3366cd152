// The subject `FILE.json`: a JIT behind a command that the file describes.

import type { Engine } from "../../engines/engine.js";
import { deviationLine } from "../deviation.js";
import { type Dialect, LINUX_DIALECT, missingCore } from "../dialect.js";
import { KERNEL_ONLY, KERNEL_ORACLES } from "../program-parts.js";
import type { ProgramSubject } from "../program-subject.js";
import { Conversation } from "./conversation.js";
import { commandOf, type Descriptor, environmentOf, formsOf, readDescriptor } from "./descriptor.js";
import { CommandHost } from "./host.js";

/** @returns what is wrong with the file, in one line */
export function commandSubject(file: string): ProgramSubject | string {
  const descriptor = readDescriptor(file);
  if (typeof descriptor === "string") return descriptor;
  const dialect = dialectOf(descriptor);
  const missing = missingCore(dialect);
  if (missing !== undefined) return `isa: the form ${missing} is left out, which every generated program needs`;
  const line = {
    command: commandOf(descriptor, file),
    environment: environmentOf(descriptor, file),
    timeoutMs: descriptor.timeoutMs,
  };
  return {
    name: file,
    mute: KERNEL_ORACLES,
    untried: KERNEL_ONLY,
    dialect,
    deviations: descriptor.deviations,
    notes: notesOf(descriptor),
    unready() {
      const host = new Conversation(line, () => NOTHING_ASKED);
      const why = host.greet();
      host.close();
      return why;
    },
    open: (engine: Engine) => new CommandHost(descriptor, line, engine),
  };
}

const NOTHING_ASKED = { lse: true, stackBytes: 0, address: 0n, helpers: [], code: new Uint8Array() };

function dialectOf(descriptor: Descriptor): Dialect {
  const { isa, stack, helpers } = descriptor;
  return {
    ...LINUX_DIALECT,
    isKernel: false,
    forms: formsOf(descriptor),
    helpers: new Set(helpers.numbers),
    maps: isa.maps === "addresses",
    tailCalls: false,
    packets: false,
    loops: isa.loops,
    pointers: isa.pointers,
    zeroedFrame: isa.zeroedFrame,
    unaligned: isa.unaligned,
    mostSlots: isa.mostSlots,
    stackBytes: stack.bytes,
    calleeStackBytes: stack.calleeBytes,
  };
}

const notesOf = ({ deviations, stack, isa }: Descriptor): readonly string[] => [
  ...deviations.map((one) => `declared deviation ${deviationLine(one)}`),
  ...(isa.legacyLoads ? ["legacy loads of packets (LD | ABS, LD | IND), which are no part of what is checked"] : []),
  ...(stack.frame === "unknown" ? ["what programs leave in their frame: its place is not known"] : []),
];
