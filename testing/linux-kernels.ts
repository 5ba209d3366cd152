// Real kernels to try, where somebody has some: ROX_LINUX names folders, separated by colons, in which boot files lie
// somewhere (vmlinuz-6.12..., Image, vmlinux). None are part of the project.

import { readdirSync } from "node:fs";
import path from "node:path";
import { available } from "./required.js";

const IS_KERNEL = /^(vmlinu[xz]([-.].*)?|Image(\.gz|\.zst)?)$/;

function kernelsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && IS_KERNEL.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Empty if there are none, which is said; an error if ROX_REQUIRE has `linux`. */
export function linuxKernels(): readonly string[] {
  const folders = (process.env.ROX_LINUX ?? "").split(":").filter((folder) => folder !== "");
  const kernels = folders.flatMap(kernelsIn);
  const missing = folders.length === 0 ? "ROX_LINUX names no folder" : `no kernel image in ${folders.join(", ")}`;
  available("linux", () => (kernels.length === 0 ? missing : undefined));
  return kernels;
}
