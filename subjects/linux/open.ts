// From a file to the subject: read once, and refused in one line if it cannot be run.

import { readFileSync, statSync } from "node:fs";
import { pointer } from "../../machine/address.js";
import { hex64 } from "../../spec/bits.js";
import { Malformed, type Parsed, parsed } from "../../spec/malformed.js";
import type { Subject } from "../subject.js";
import type { KernelImage } from "./image/image.js";
import { readKernelImage } from "./image/read.js";
import { linuxSubject } from "./index.js";
import type { TypedImage } from "./kernel-image.js";
import { prepareKernel } from "./placed-kernel.js";

const MOST_FILE_BYTES = 1 << 30;
/** The simulated machine has room for this, and for what a kernel allocates. */
const MOST_IMAGE_BYTES = 256 << 20;

type Opened = Parsed<Subject>;
const opened = new Map<string, Opened>();

/** @param name of the subject; @param file the boot file or vmlinux */
export function openLinux(name: string, file: string): Opened {
  const known = opened.get(name);
  if (known !== undefined) return known;
  const result = openFile(name, file);
  opened.set(name, result);
  return result;
}

function openFile(name: string, file: string): Opened {
  const read = readTypedImage(file);
  return read.ok ? { ok: true, value: linuxSubject(name, read.value) } : read;
}

const refused = (expected: string, got: string): Parsed<never> => ({ ok: false, error: { expected, got } });

/** Behind the name of an image: the `System.map` or `vmlinux` of the same build. */
const SYMBOLS = "?symbols=";

/** A kernel image that can be run. @param spec `IMAGE` or `IMAGE?symbols=FILE` */
export function readTypedImage(spec: string): Parsed<TypedImage> {
  const at = spec.lastIndexOf(SYMBOLS);
  const [file, symbolsFile] = at < 0 ? [spec] : [spec.slice(0, at), spec.slice(at + SYMBOLS.length)];
  const bytes = bytesOf(file);
  if (typeof bytes === "string") return refused(`a kernel image in ${JSON.stringify(file)}`, bytes);
  const symbols = symbolsFile === undefined ? undefined : bytesOf(symbolsFile);
  if (typeof symbols === "string") {
    return refused(`the System.map or vmlinux of the same build in ${JSON.stringify(symbolsFile)}`, symbols);
  }
  const read = readKernelImage(bytes, symbols === undefined ? {} : { symbols });
  return read.ok ? typedImage(read.value.image) : { ok: false, error: read.error };
}

/** The image, if it says what running it needs. */
export function typedImage(image: KernelImage): Parsed<TypedImage> {
  const { types } = image;
  if (types === undefined)
    return refused("a kernel with BTF (CONFIG_DEBUG_INFO_BTF)", `${image.release}, which has none`);
  const missing = NEEDED.filter((symbol) => image.address(symbol) === undefined);
  if (missing.length > 0) {
    return refused(
      "a kernel that names its data (CONFIG_KALLSYMS_ALL), or linux:IMAGE?symbols=System.map",
      `${image.release}, without ${missing.join(", ")}`,
    );
  }
  const typed = { ...image, types };
  const ready = parsed(() => {
    checkPlace(typed);
    prepareKernel(typed);
  });
  return ready.ok ? { ok: true, value: typed } : ready;
}

/** What the machine maps as the image, and as its code. @throws Malformed */
function checkPlace({ base, imageBytes, address }: TypedImage): void {
  if (imageBytes > MOST_IMAGE_BYTES) {
    throw new Malformed(`a kernel of at most ${MOST_IMAGE_BYTES} bytes in memory`, `${imageBytes} bytes by its header`);
  }
  const [from, to] = [address("_stext") ?? base, address("_etext") ?? base];
  if (from < base || to < from || to > base + imageBytes) {
    const got = `code from ${hex64(pointer(from))} to ${hex64(pointer(to))}`;
    throw new Malformed(`code within the ${imageBytes} bytes from ${hex64(pointer(base))} on`, `${got}: it is damaged`);
  }
}

/** Without these nothing can be loaded. */
const NEEDED = [
  "bpf_int_jit_compile",
  "__bpf_call_base",
  "bpf_jit_current",
  "bpf_jit_limit",
  "aarch64_insn_patch_text_nosync",
];

function bytesOf(file: string): Uint8Array | string {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) return "no file";
    if (stat.size > MOST_FILE_BYTES) return `${stat.size} bytes`;
    return new Uint8Array(readFileSync(file));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "no such file" : (error as Error).message;
  }
}
