// What compressed images unpack to, with a limit: few bytes may stand for very many.

import { gunzipSync } from "node:zlib";
import { Decompress } from "fzstd";
import { Malformed } from "../../../spec/malformed.js";

/** No kernel with all its checks on is larger. */
export const MOST_UNPACKED_BYTES = 512 << 20;
const CHUNK_BYTES = 1 << 20;

const tooLarge = (what: string): Malformed =>
  new Malformed(`${what} that unpacks to at most ${MOST_UNPACKED_BYTES >> 20} MiB`, "more");
const damaged = (what: string, error: unknown): Malformed =>
  new Malformed(`whole ${what} data`, `damaged data (${error instanceof Error ? error.message : String(error)})`);

/** @throws Malformed */
export function gunzip(bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED_BYTES });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") throw tooLarge("gzip data");
    throw damaged("gzip", error);
  }
}

/** @throws Malformed */
export function unzstd(bytes: Uint8Array): Uint8Array {
  try {
    return stream(bytes);
  } catch (error) {
    if (error instanceof Malformed) throw error;
    // Kernels note the length behind the data, in four bytes.
    try {
      return stream(bytes.subarray(0, bytes.length - 4));
    } catch {
      throw damaged("zstd", error);
    }
  }
}

function stream(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  const decompress = new Decompress((part) => {
    total += part.length;
    if (total > MOST_UNPACKED_BYTES) throw tooLarge("zstd data");
    parts.push(part.slice());
  });
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    decompress.push(bytes.subarray(at, at + CHUNK_BYTES), at + CHUNK_BYTES >= bytes.length);
  }
  return Buffer.concat(parts);
}
