// Making a failing case of the kernel dialect smaller: fewer instructions, plainer registers and environment.

import { u64 } from "../../spec/bits.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import type { KernelCase } from "./kernel-case.js";

function* smaller(c: KernelCase): Generator<KernelCase> {
  for (let i = 0; i < c.body.length; i++) yield { ...c, body: c.body.filter((_, at) => at !== i) };
  if (c.isCalled) yield { ...c, isCalled: false };
  if (c.isBlinded) yield { ...c, isBlinded: false };
  if (c.env.bti) yield { ...c, env: { ...c.env, bti: false } };
  if (c.env.vhe) yield { ...c, env: { ...c.env, vhe: false } };
  for (const [i, value] of c.registers.entries()) {
    if (value !== 0n) yield { ...c, registers: c.registers.with(i, u64(0n)) };
  }
  for (const [i, slot] of c.body.entries()) {
    const change = (fields: object): KernelCase => ({ ...c, body: c.body.with(i, { ...slot, ...fields }) });
    if (slot.off !== 0 && slot.row.off !== "select") yield change({ off: 0 });
    if (slot.imm !== 0 && slot.row.imm === "any") yield change({ imm: 0 });
  }
}

export function shrinkKernelCase(start: KernelCase, fails: (c: KernelCase) => boolean): KernelCase {
  let best = start;
  for (let next: KernelCase | undefined = start; next !== undefined; ) {
    best = next;
    next = undefined;
    for (const candidate of smaller(best)) {
      if (!fails(candidate)) continue;
      next = candidate;
      break;
    }
  }
  return best;
}

export function printKernelCase({ body, registers, env, isBlinded, isCalled }: KernelCase): string {
  const on = Object.entries(env).filter(([, value]) => value);
  const start = registers.map((value, r) => `r${r} = 0x${value.toString(16)}`).join(", ");
  if (isBlinded) on.push(["blinded", true]);
  const where = isCalled ? ", in a called function" : "";
  return [
    `# kernel dialect, ${on.map(([name]) => name).join(" ")}${where}`,
    `# ${start}`,
    ...body.map((_, pc) => printInsn(body, pc)),
    "",
  ].join("\n");
}
