// Opening an EIP-2335 keystore: the same file that the command line writes and reads.
//
// PBKDF2 with HMAC-SHA-256 and AES-128 in counter mode are the browser's own; scrypt is in
// scrypt.js. Numbers in a file are judged before anything is computed with them. A secret leaves
// only as a key that signs and cannot be read out.

import { concat, hex, same, unhex, utf8 } from "./bytes.js";
import { scrypt } from "./scrypt.js";
import { needWebCrypto, publicKey, signingKey } from "./signature.js";

/** The largest file that is read. */
export const MAX_KEYSTORE_BYTES = 16 * 1024;
const MAX_ROUNDS = 10_000_000;
const MAX_PASSPHRASE = 1024;

/** The bytes of a passphrase: NFKD, without control characters. */
export function passphraseBytes(typed) {
  if (utf8(typed).length > MAX_PASSPHRASE) throw new Error("the passphrase is longer than 1024 bytes");
  const seen = Array.from(typed.normalize("NFKD")).filter((letter) => {
    const number = letter.codePointAt(0);
    return !(number <= 0x1f || (number >= 0x7f && number <= 0x9f));
  });
  return utf8(seen.join(""));
}

function expect(condition, what) {
  if (!condition) throw new Error(`the file is not a keystore that is read here: ${what}`);
}

async function derive(kdf, password) {
  const { params } = kdf;
  const salt = unhex(params.salt);
  expect(params.dklen === 32, "kdf.params.dklen");
  expect(salt.length >= 8 && salt.length <= 64, "kdf.params.salt");
  if (kdf.function === "scrypt") return scrypt(password, salt, params);
  expect(kdf.function === "pbkdf2" && params.prf === "hmac-sha256", "kdf");
  expect(Number.isInteger(params.c) && params.c > 0 && params.c <= MAX_ROUNDS, "kdf.params.c");
  const subtle = needWebCrypto();
  const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const way = { name: "PBKDF2", hash: "SHA-256", salt, iterations: params.c };
  return new Uint8Array(await subtle.deriveBits(way, key, 256));
}

/** The secret of a keystore's text. */
export async function openSecret(text, typed) {
  expect(utf8(text).length <= MAX_KEYSTORE_BYTES, "it is too long");
  const { crypto, version } = JSON.parse(text);
  expect(version === 4 && crypto?.checksum?.function === "sha256", "version");
  expect(crypto.cipher?.function === "aes-128-ctr", "cipher");
  const [iv, cipher] = [unhex(crypto.cipher.params.iv, 16), unhex(crypto.cipher.message, 32)];
  const password = passphraseBytes(typed);
  const key = await derive(crypto.kdf, password);
  password.fill(0);
  const subtle = needWebCrypto();
  const sum = new Uint8Array(await subtle.digest("SHA-256", concat(key.subarray(16), cipher)));
  if (!same(sum, unhex(crypto.checksum.message, 32))) {
    key.fill(0);
    throw new Error("the passphrase does not open this keystore");
  }
  const aes = await subtle.importKey("raw", key.subarray(0, 16), "AES-CTR", false, ["decrypt"]);
  key.fill(0);
  return new Uint8Array(await subtle.decrypt({ name: "AES-CTR", counter: iv, length: 128 }, aes, cipher));
}

/** A keystore's key: what it signs with, and its public half. */
export async function openKeystore(text, typed) {
  const seed = await openSecret(text, typed);
  const known = await publicKey(seed);
  const label = JSON.parse(text).pubkey;
  if (label !== undefined && label !== hex(known)) {
    seed.fill(0);
    throw new Error("the public key in the file is not its secret's");
  }
  return { key: await signingKey(seed), publicKey: known };
}
