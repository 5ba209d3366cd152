import { expect, test } from "vitest";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { openSubject } from "../open.js";
import { isKernel } from "../program-subject.js";
import { type JitFunction, LINUX_6_12, machineFor } from "../subject.js";
import { PlacedCompiler } from "./compile-at.js";
import { LinuxKernel } from "./kernel.js";

const [file] = linuxKernels();
const SLOW = { timeout: 300_000 };
const EXIT = insn(rowById("exit"));
const alone = (id: string): JitFunction => ({ insns: [insn(rowById(id), { src: 1 }), EXIT], index: 0, stackDepth: 0 });
const PLACE = 0x8000_8400_0008;

test.runIf(file !== undefined)(
  "what a kernel refuses costs no new kernel, and no pack for each instruction",
  SLOW,
  () => {
    const opened = openSubject(`linux:${file}`);
    if (!opened.ok || !isKernel(opened.subject)) throw new Error(`no kernel image: ${file}`);
    const { subject } = opened;
    const lacking = ["load acquire dw", "arena ldxsw", "gotox"].find((id) => subject.forms?.().has(id) === false);
    if (subject.fixed?.images !== "packs" || lacking === undefined) return;
    const machine = machineFor(subject);
    const kernels: LinuxKernel[] = [];
    const placed = new PlacedCompiler({
      machine,
      boot(options) {
        const kernel = subject.boot(options);
        if (!(kernel instanceof LinuxKernel)) throw new Error("another subject");
        kernels.push(kernel);
        return kernel;
      },
    });
    const env = { ...LINUX_6_12, ...subject.build };
    const compile = (id: string) => placed.compile([alone(id)], env, () => PLACE);
    const first = compile("mov reg");
    const { usage } = machine;
    const { executed } = kernels[0]!.cpu;
    for (let i = 0; i < 3; i++) {
      expect(compile(lacking)).toMatchObject({ ok: false, error: { detail: expect.stringContaining(lacking) } });
    }
    expect(compile("mov reg")).toEqual(first);
    expect(kernels).toHaveLength(1);
    // To fill a pack takes more.
    expect(kernels[0]!.cpu.executed - executed).toBeLessThan(1_000_000);
    expect(machine.usage).toEqual(usage);
  },
);
