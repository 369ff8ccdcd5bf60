// scrypt (RFC 7914), for keystores that other wallets wrote.
//
// The outer rounds are WebCrypto's PBKDF2; the mixing is here, in Uint32Array. It gives way to the
// page between slices of work, so that the page stays alive.

import { needWebCrypto } from "./signature.js";

/** What a file may ask for: keys/src/keystore/kdf.rs. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_WORK = 2 ** 23;
const SLICE = 1024;

const rotate = (word, by) => (word << by) | (word >>> (32 - by));

/** Salsa20/8 on sixteen words, in place. */
function salsa(b, x) {
  x.set(b);
  for (let round = 0; round < 4; round += 1) {
    for (const [a, c, d, e] of STEPS) {
      x[c] ^= rotate(x[a] + x[e], 7);
      x[d] ^= rotate(x[c] + x[a], 9);
      x[e] ^= rotate(x[d] + x[c], 13);
      x[a] ^= rotate(x[e] + x[d], 18);
    }
  }
  for (let i = 0; i < 16; i += 1) b[i] += x[i];
}

/** Columns, then rows: each step's places, the diagonal first. */
const STEPS = [
  [0, 4, 8, 12], [5, 9, 13, 1], [10, 14, 2, 6], [15, 3, 7, 11],
  [0, 1, 2, 3], [5, 6, 7, 4], [10, 11, 8, 9], [15, 12, 13, 14],
];

/** BlockMix: `from` to `to`, both of 32 r words. */
function mix(from, to, r, x, scratch) {
  x.set(from.subarray(from.length - 16));
  for (let i = 0; i < 2 * r; i += 1) {
    for (let j = 0; j < 16; j += 1) x[j] ^= from[16 * i + j];
    salsa(x, scratch);
    to.set(x, 16 * ((i >> 1) + (i & 1 ? r : 0)));
  }
}

const pause = () => new Promise((resolve) => { setTimeout(resolve, 0); });

async function romix(block, n, r) {
  const size = 32 * r;
  const table = new Uint32Array(n * size);
  const [x, scratch, spare] = [new Uint32Array(16), new Uint32Array(16), new Uint32Array(size)];
  for (let i = 0; i < n; i += 1) {
    table.set(block, i * size);
    mix(block, spare, r, x, scratch);
    block.set(spare);
    if (i % SLICE === SLICE - 1) await pause();
  }
  for (let i = 0; i < n; i += 1) {
    const at = (block[size - 16] & (n - 1)) * size;
    for (let j = 0; j < size; j += 1) block[j] ^= table[at + j];
    mix(block, spare, r, x, scratch);
    block.set(spare);
    if (i % SLICE === SLICE - 1) await pause();
  }
  table.fill(0);
}

async function pbkdf2(password, salt, length) {
  const subtle = needWebCrypto();
  const key = await subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  const bits = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: 1 }, key, 8 * length);
  return new Uint8Array(bits);
}

/** The key of a password. */
export async function scrypt(password, salt, { n, r, p, dklen }) {
  const numbers = [n, r, p, dklen].every((one) => Number.isSafeInteger(one) && one > 0);
  const powerOfTwo = numbers && n > 1 && n <= 2 ** 30 && (n & (n - 1)) === 0;
  if (!powerOfTwo || (n + p - 1) * r * 128 > MAX_MEMORY || n * r * p > MAX_WORK) {
    throw new Error(`scrypt with n = ${n}, r = ${r}, p = ${p} is not done here`);
  }
  const bytes = await pbkdf2(password, salt, 128 * r * p);
  const view = new DataView(bytes.buffer);
  for (let lane = 0; lane < p; lane += 1) {
    const begin = 128 * r * lane;
    const block = Uint32Array.from({ length: 32 * r }, (_, i) => view.getUint32(begin + 4 * i, true));
    await romix(block, n, r);
    block.forEach((word, i) => view.setUint32(begin + 4 * i, word, true));
  }
  return pbkdf2(password, bytes, dklen);
}
