// Images in pages of their own, as before there were packs: histories on kernels without packs are few.

import { bpf } from "../../../spec/bpf/text/bpf.js";
import { fn, leftIn } from "../../directed-case.js";
import { DEFAULT_ENV, type DirectedCase, machineFor, type Subject, type SubjectKernel } from "../../subject.js";

const FIVE = fn(0, ...bpf("r0 = 5; exit"));
const boot = (subject: Subject): SubjectKernel =>
  subject.boot({ machine: machineFor(subject), random: () => 0, images: "pages" });

export const PAGES: readonly DirectedCase[] = [
  {
    name: "without packs, a program lies in pages of its own, which are not written, and goes back",
    check(subject) {
      const kernel = boot(subject);
      const { machine } = kernel;
      const before = leftIn(kernel);
      const loaded = kernel.loadProgram([FIVE]);
      if (!loaded.ok) return `it is refused: ${loaded.error.kind}`;
      const { bpfFunc } = loaded.program;
      const permission = machine.mapping(bpfFunc)?.permission;
      if (permission !== "rox") return `its page is ${permission ?? "not mapped"}`;
      const alone = subject.compile([FIVE], DEFAULT_ENV, () => bpfFunc);
      if (!alone.ok) return `alone it is refused: ${alone.error.kind}`;
      const { image } = alone.images[0]!;
      if (Buffer.compare(machine.peek(bpfFunc, image.length), image) !== 0) return "there is another image";
      kernel.freeProgram(loaded.program);
      const after = leftIn(kernel);
      return after === before ? undefined : `${after}, and before the load ${before}`;
    },
  },
  {
    name: "without packs, a program whose pages cannot be protected is not loaded, and leaves nothing behind",
    check(subject) {
      const kernel = boot(subject);
      const before = leftIn(kernel);
      kernel.machine.failures.plan("setPermission", 1);
      const loaded = kernel.loadProgram([FIVE]);
      if (loaded.ok) return "it is loaded";
      const after = leftIn(kernel);
      return after === before ? undefined : `${after}, and before the load ${before}`;
    },
  },
];
