// The wrappings in which kernels are handed out. A wrapping is told by its first bytes; those that are not read are refused
// by their names, with what to do.

import { isElf } from "../../../spec/elf/elf.js";
import { Malformed } from "../../../spec/malformed.js";
import { gunzip, unzstd } from "./decompress.js";
import { isImage } from "./header.js";

export type ImageFormat = "Image" | "Image.gz" | "Image.zst" | "EFI zboot (gzip)" | "EFI zboot (zstd)" | "vmlinux";

interface Unwrapped {
  readonly format: ImageFormat;
  /** A raw image, or a whole ELF file. */
  readonly bytes: Uint8Array;
}

interface Signature {
  readonly at: number;
  /** As text, a character a byte. */
  readonly bytes: string;
  readonly name: string;
}

/** What a user may well try, and what it is. */
const OTHERS: readonly Signature[] = [
  { at: 0, bytes: "ANDROID!", name: "an Android boot image: take the kernel out of it first" },
  { at: 0, bytes: "VNDRBOOT", name: "an Android vendor boot image, which has no kernel" },
  { at: 0, bytes: "\x02\x21\x4c\x18", name: "LZ4 (the kernel's own frames): unpack it with lz4 -d first" },
  { at: 0, bytes: "\x04\x22\x4d\x18", name: "LZ4: unpack it with lz4 -d first" },
  { at: 0, bytes: "\xfd7zXZ\0", name: "XZ: unpack it with xz -d first" },
  { at: 0, bytes: "BZh", name: "bzip2: unpack it with bzip2 -d first" },
  { at: 0, bytes: "\x5d\0\0", name: "LZMA: unpack it with xz --format=lzma -d first" },
  { at: 0, bytes: "\x89LZO\0\r\n\x1a", name: "LZO: unpack it with lzop -d first" },
  { at: 0, bytes: "\x27\x05\x19\x56", name: "a U-Boot uImage: take the kernel out of it with dumpimage first" },
  { at: 0, bytes: "\xd0\x0d\xfe\xed", name: "a flattened image tree: take the kernel out of it with dumpimage first" },
  { at: 0, bytes: "!<arch>\ndebian", name: "a Debian package: unpack it with dpkg -x and name its boot file" },
  { at: 0, bytes: "\xed\xab\xee\xdb", name: "an RPM package: unpack it and name its boot file" },
  { at: 0, bytes: "!<arch>\n", name: "an archive of object files" },
  { at: 0x202, bytes: "HdrS", name: "an x86 bzImage" },
  { at: 0x38, bytes: "RSC\x05", name: "a RISC-V Image" },
  { at: 8, bytes: "\xd8\x0a\x4c\x4c", name: "a LoongArch Image" },
  { at: 0x24, bytes: "\x18\x28\x6f\x01", name: "a 32-bit Arm zImage" },
  { at: 0, bytes: "MZ", name: "an EFI program that is no arm64 kernel" },
];
const GZIP = "\x1f\x8b";
const ZSTD = "\x28\xb5\x2f\xfd";

const starts = (bytes: Uint8Array, text: string, at = 0): boolean =>
  bytes.length >= at + text.length && Array.from(text).every((c, i) => bytes[at + i] === c.charCodeAt(0));

/** @throws Malformed */
export function unwrap(bytes: Uint8Array): Unwrapped {
  if (isElf(bytes)) return { format: "vmlinux", bytes };
  if (isImage(bytes)) return { format: "Image", bytes };
  if (starts(bytes, "MZ") && starts(bytes, "zimg", 4)) return zboot(bytes);
  if (starts(bytes, GZIP)) return { format: "Image.gz", bytes: kernelIn(gunzip(bytes), "the gzip data") };
  if (starts(bytes, ZSTD)) return { format: "Image.zst", bytes: kernelIn(unzstd(bytes), "the zstd data") };
  throw new Malformed(
    "an arm64 kernel: vmlinux, Image, Image.gz or an EFI image",
    nameOf(bytes) ?? (bytes.every((byte) => byte === 0) ? "nothing but zero bytes" : "bytes of no known sort"),
  );
}

const nameOf = (bytes: Uint8Array): string | undefined =>
  OTHERS.find(({ at, bytes: text }) => starts(bytes, text, at))?.name;

function kernelIn(bytes: Uint8Array, where: string): Uint8Array {
  if (isImage(bytes)) return bytes;
  const got = isElf(bytes) ? "an ELF file: unpack it and name that" : (nameOf(bytes) ?? "something else");
  throw new Malformed(`an arm64 Image in ${where}`, got);
}

/** Source: the kernel's drivers/firmware/efi/libstub, the header of a zboot image. */
function zboot(bytes: Uint8Array): Unwrapped {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 64) throw new Malformed("the header of an EFI zboot image", `${bytes.length} bytes`);
  const from = view.getUint32(8, true);
  const size = view.getUint32(12, true);
  if (from + size > bytes.length) {
    throw new Malformed(
      `a payload within the ${bytes.length} bytes of the EFI zboot image`,
      `bytes ${from} to ${from + size}: it is cut short`,
    );
  }
  const payload = bytes.subarray(from, from + size);
  const type = Buffer.from(bytes.subarray(24, 56)).toString("latin1").split("\0", 1)[0]!;
  if (type === "gzip") return { format: "EFI zboot (gzip)", bytes: kernelIn(gunzip(payload), "the EFI zboot image") };
  if (type === "zstd" || type === "zstd22") {
    return { format: "EFI zboot (zstd)", bytes: kernelIn(unzstd(payload), "the EFI zboot image") };
  }
  throw new Malformed("an EFI zboot image packed with gzip or zstd", `one packed with ${JSON.stringify(type)}`);
}
