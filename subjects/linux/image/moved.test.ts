import { describe, expect, test } from "vitest";
import { insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { linuxKernels } from "../../../testing/linux-kernels.js";
import { openSubject } from "../../open.js";
import { isKernel } from "../../program-subject.js";
import { machineFor, type Subject } from "../../subject.js";

const files = linuxKernels();
/** Beyond the reach of a branch, so that its address stands in the code. */
const CALL = {
  insns: [insn(rowById("call helper"), { imm: 1 << 28 }), insn(rowById("exit"))],
  index: 0,
  stackDepth: 0,
};

function codeOf(subject: Subject): Buffer {
  const machine = machineFor(subject);
  const loaded = subject.boot({ machine, random: () => 0 }).loadProgram([CALL]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { bpfFunc, functions } = loaded.program;
  return Buffer.from(machine.peek(bpfFunc, functions[0]!.jitedLen));
}

describe.runIf(files.length > 0)("a kernel that lies elsewhere", { timeout: 120_000 }, () => {
  test.each(files)(
    "%s compiles as before, with calls of where its helpers are now, and lies at no other multiple",
    (file) => {
      const opened = openSubject(`linux:${file}`);
      if (!opened.ok || !isKernel(opened.subject)) throw new Error("no kernel image");
      const { subject } = opened;
      const { callBase, dummyTramp } = subject.build!;
      const at = (distance: number, other = distance) =>
        subject.elsewhere!({ callBase: callBase + distance, dummyTramp: dummyTramp + other });
      const moved = at(0x1867_3920_0000)!;
      expect(moved.build!.callBase).toBe(callBase + 0x1867_3920_0000);
      const [here, there] = [codeOf(subject), codeOf(moved)];
      expect(there.length).toBe(here.length);
      expect(there.equals(here)).toBe(false);
      expect(codeOf(at(0)!).equals(here)).toBe(true);
      expect(at(4096)).toBeUndefined();
      expect(at(0x20_0000, 0x40_0000)).toBeUndefined();
    },
  );
});
