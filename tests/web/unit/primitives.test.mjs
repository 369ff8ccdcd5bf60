// Hashes, derivations and addresses against their authors' vectors and against the node.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { asset, vectors } from "./vectors.mjs";

const { blake3 } = await asset("blake3.js");
const { hex, unhex, utf8 } = await asset("bytes.js");
const { address, parseAddress } = await asset("bech32m.js");
const { scrypt } = await asset("scrypt.js");
const { openSecret, openKeystore, passphraseBytes } = await asset("keystore.js");
const { parse, pretty } = await asset("json.js");
const { holds, publicKey, sign, signingKey } = await asset("signature.js");
const { tagged } = await asset("hash.js");

test("blake3 gives what its authors say", () => {
  // The input of the authors' vectors: bytes counted from 0 to 250, again and again.
  const input = (length) => Uint8Array.from({ length }, (_, i) => i % 251);
  assert.equal(hex(blake3(input(0))), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
  assert.equal(hex(blake3(input(1024))), "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7");
  assert.ok(vectors.blake3.length > 10);
  for (const [length, expected] of vectors.blake3) assert.equal(hex(blake3(input(length))), expected, `${length} bytes`);
});

test("scrypt gives what RFC 7914 says", async () => {
  const key = await scrypt(utf8("password"), utf8("NaCl"), { n: 1024, r: 8, p: 16, dklen: 64 });
  assert.equal(hex(key), "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640");
  const single = await scrypt(utf8("pleaseletmein"), utf8("SodiumChloride"), { n: 16384, r: 8, p: 1, dklen: 64 });
  assert.equal(hex(single), "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887");
});

test("scrypt refuses what a hostile file asks for", async () => {
  for (const asked of [
    { n: 2 ** 21, r: 8, p: 1 }, { n: 1000, r: 8, p: 1 }, { n: 1, r: 8, p: 1 }, { n: 2 ** 18, r: 8, p: 64 },
    { n: 2 ** 40, r: 8, p: 1 }, { n: "1024", r: 8, p: 1 },
  ]) {
    await assert.rejects(scrypt(utf8("p"), utf8("saltsalt"), { ...asked, dklen: 32 }), /is not done here/);
  }
});

test("the standard's keystores open with the standard's passphrase", async () => {
  const typed = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
  assert.equal(hex(passphraseBytes(typed)), "7465737470617373776f7264f09f9491");
  for (const kdf of ["pbkdf2", "scrypt"]) {
    const text = readFileSync(new URL(`../../../keys/vectors/eip2335-${kdf}.json`, import.meta.url), "utf8");
    assert.equal(hex(await openSecret(text, typed)), "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
    // Their label is a key of another curve.
    await assert.rejects(openKeystore(text, typed), /is not its secret's/);
  }
});

test("a wrong passphrase, a longer file and odd numbers are refused", async () => {
  const text = readFileSync(new URL("../../../keys/vectors/eip2335-pbkdf2.json", import.meta.url), "utf8");
  await assert.rejects(openSecret(text, "wrong"), /does not open/);
  await assert.rejects(openSecret(text + " ".repeat(17_000), "x"), /too long/);
  for (const [from, to] of [['"version": 4', '"version": 3'], ["262144", "99999999"], ["hmac-sha256", "hmac-md5"]]) {
    assert.ok(text.includes(from), from);
    await assert.rejects(openSecret(text.replace(from, to), "x"), /not a keystore/);
  }
});

test("a signature is the one of RFC 8032, and of nothing else", async () => {
  // Test 1 of the RFC gives the key pair; what is signed here is always a hash of 32 bytes.
  const seed = unhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const known = await publicKey(seed);
  assert.equal(hex(known), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  const key = await signingKey(seed);
  assert.deepEqual(seed, new Uint8Array(32), "the seed is wiped");
  assert.equal(key.extractable, false);
  const signature = await sign(key, tagged("TX-SIGN", utf8("bytes")));
  assert.ok(await holds(known, "TX-SIGN", utf8("bytes"), signature));
  assert.ok(!(await holds(known, "VOTE", utf8("bytes"), signature)));
  assert.ok(!(await holds(known, "TX-SIGN", utf8("byteS"), signature)));
});

test("addresses read back, and one wrong letter is refused", () => {
  for (const [kind, text] of vectors.addresses) {
    assert.equal(address(kind, parseAddress(kind, text)), text);
    const other = kind === "account" ? "operator" : "account";
    assert.throws(() => parseAddress(other, text), /prefix/);
    for (let i = text.lastIndexOf("1") + 1; i < text.length; i += 1) {
      const letter = text[i] === "q" ? "p" : "q";
      assert.throws(() => parseAddress(kind, text.slice(0, i) + letter + text.slice(i + 1)), Error);
    }
    assert.throws(() => parseAddress(kind, text.toUpperCase()), /lower case/);
  }
});

test("JSON keeps whole numbers and refuses what has two readings", () => {
  const text = '{\n  "a": 18446744073709551615,\n  "b": [],\n  "c": {},\n  "d": "\\u001f\\"",\n  "e": null,\n  "f": [\n    -1,\n    true\n  ]\n}';
  assert.equal(pretty(parse(text)), text);
  assert.equal(parse("18446744073709551615"), 18446744073709551615n);
  for (const wrong of ['{"a":1,"a":2}', "1.5", "1e3", "-0", "01", "[1,]", '{"a"}', "[", "nul", '"\n"', "[] []", "[".repeat(100)]) {
    assert.throws(() => parse(wrong), /not JSON that is read here/, wrong);
  }
});
