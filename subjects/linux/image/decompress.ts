// What compressed images unpack to, with a limit: few bytes may stand for very many.

import { gunzipSync } from "node:zlib";
import { Decompress } from "fzstd";
import { Malformed } from "../../../spec/malformed.js";

/** No kernel with all its checks on is larger. */
export const MOST_UNPACKED_BYTES = 512 << 20;
const CHUNK_BYTES = 1 << 20;

const tooLarge = (what: string, most: number): Malformed =>
  new Malformed(`${what} that unpacks to at most ${most >> 20} MiB`, "more");
const damaged = (what: string, error: unknown): Malformed =>
  new Malformed(`whole ${what} data`, `damaged data (${error instanceof Error ? error.message : String(error)})`);

/** @throws Malformed */
export function gunzip(bytes: Uint8Array, most = MOST_UNPACKED_BYTES): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: most });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge("gzip data", most);
    throw damaged("gzip", error);
  }
}

/** @throws Malformed */
export function unzstd(bytes: Uint8Array, most = MOST_UNPACKED_BYTES): Uint8Array {
  try {
    return stream(bytes, most);
  } catch (error) {
    if (error instanceof Malformed) throw error;
    // Kernels note the length behind the data, in four bytes.
    try {
      return stream(bytes.subarray(0, bytes.length - 4), most);
    } catch {
      throw damaged("zstd", error);
    }
  }
}

function stream(bytes: Uint8Array, most: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  const decompress = new Decompress((part) => {
    total += part.length;
    if (total > most) throw tooLarge("zstd data", most);
    parts.push(part.slice());
  });
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    decompress.push(bytes.subarray(at, at + CHUNK_BYTES), at + CHUNK_BYTES >= bytes.length);
  }
  return Buffer.concat(parts);
}
