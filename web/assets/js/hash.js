// Hashes under a domain: bytes hashed for one purpose cannot be passed off for another.

import { blake3 } from "./blake3.js";
import { concat, utf8 } from "./bytes.js";

/** The hash of the tag's length, the tag, and the bytes. */
export function tagged(domain, ...parts) {
  const tag = utf8(domain);
  return blake3(concat(Uint8Array.of(tag.length), tag, ...parts));
}
