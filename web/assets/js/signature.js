// Ed25519 by the browser's own WebCrypto, on the hash of a domain and bytes.

import { concat, unhex } from "./bytes.js";
import { tagged } from "./hash.js";

/** What stands before the 32 bytes of a seed in PKCS #8. */
const PKCS8 = unhex("302e020100300506032b657004220420");

/** Says what is missing where the browser cannot sign. */
export function needWebCrypto() {
  if (globalThis.crypto?.subtle === undefined) {
    throw new Error("this page needs a secure context: https, or a loopback address");
  }
  return globalThis.crypto.subtle;
}

/** Whether a signature holds. */
export async function holds(key, domain, message, signature) {
  const subtle = needWebCrypto();
  const known = await subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  return subtle.verify({ name: "Ed25519" }, known, signature, tagged(domain, message));
}

/** A key that signs and cannot be read out again; the seed is wiped. */
export async function signingKey(seed) {
  const subtle = needWebCrypto();
  const encoded = concat(PKCS8, seed);
  try {
    return await subtle.importKey("pkcs8", encoded, { name: "Ed25519" }, false, ["sign"]);
  } finally {
    encoded.fill(0);
    seed.fill(0);
  }
}

/** The public key of a seed; the seed stays as it is. */
export async function publicKey(seed) {
  const subtle = needWebCrypto();
  const encoded = concat(PKCS8, seed);
  try {
    const key = await subtle.importKey("pkcs8", encoded, { name: "Ed25519" }, true, ["sign"]);
    const { x } = await subtle.exportKey("jwk", key);
    const text = atob(x.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  } finally {
    encoded.fill(0);
  }
}

/** The signature of a hash that was made under a domain. */
export async function sign(key, hash) {
  const made = await needWebCrypto().sign({ name: "Ed25519" }, key, hash);
  return new Uint8Array(made);
}
