// The consensus codec: a type says how its JSON becomes bytes, and bytes its JSON.
//
// Integers are little-endian and of fixed width, lists carry a u32 length, an option is one byte
// and its value, a variant is its place and its value (docs/spec/01-arithmetic.md). A type is a
// function from JSON to bytes that refuses whatever it does not know: a field that is missing, one
// too many, one out of order, a number out of range. Its `read` is the way back.

import { address, parseAddress } from "./bech32m.js";
import { concat, hex, unhex, utf8 } from "./bytes.js";

/** A type of a way there and a way back. */
const both = (write, read) => Object.assign(write, { read });

/** Bytes that are read from the front. */
export class Source {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  take(count) {
    if (this.at + count > this.bytes.length) throw new Error("the bytes end too early");
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  number(bits, signed) {
    const value = this.take(bits / 8).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    return signed ? BigInt.asIntN(bits, value) : value;
  }

  count() {
    return Number(this.number(32, false));
  }
}

/** The JSON of all bytes of a value. */
export function decode(type, bytes) {
  const source = new Source(bytes);
  const json = type.read(source);
  if (source.at !== bytes.length) throw new Error("there are bytes to spare");
  return json;
}

const shown = (json) => {
  const text = typeof json === "bigint" ? `${json}` : JSON.stringify(json, (_, v) => (typeof v === "bigint" ? `${v}` : v));
  return String(text).slice(0, 80);
};

function integer(bits, signed, given) {
  const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const high = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  const number = BigInt(given);
  if (number < low || number > high) throw new Error(`${shown(given)} is not within ${low} and ${high}`);
  let rest = BigInt.asUintN(bits, number);
  return Uint8Array.from({ length: bits / 8 }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

const number = (bits, signed) => both((json) => {
  if (!Number.isInteger(json) && typeof json !== "bigint") throw new Error(`${shown(json)} is no whole number`);
  return integer(bits, signed, json);
}, (source) => {
  const value = source.number(bits, signed);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
});

/** A number that JSON carries as text, in its only text. */
const decimal = (bits, signed) => both((json) => {
  if (typeof json !== "string" || !/^-?\d+$/.test(json) || BigInt(json).toString() !== json) {
    throw new Error(`${shown(json)} is not the text of a whole number`);
  }
  return integer(bits, signed, json);
}, (source) => source.number(bits, signed).toString());

export const u8 = number(8, false);
export const u16 = number(16, false);
export const u32 = number(32, false);
export const u64 = number(64, false);
export const i64 = number(64, true);
export const i128 = decimal(128, true);
export const amount = decimal(128, false);

const flag = (source) => {
  const [byte] = source.take(1);
  if (byte > 1) throw new Error(`${byte} is neither true nor false`);
  return byte === 1;
};

export const bool = both((json) => {
  if (typeof json !== "boolean") throw new Error(`${shown(json)} is neither true nor false`);
  return Uint8Array.of(json ? 1 : 0);
}, flag);

const digits = (length) => both((json) => unhex(json, length), (source) => hex(source.take(length)));
export const hash = digits(32);
export const signature = digits(64);
export const vrfProof = digits(96);

const named = (kind) => both((json) => parseAddress(kind, json), (source) => {
  const bytes = source.take(21);
  if (bytes[0] > 1) throw new Error(`there is no network ${bytes[0]}`);
  return address(kind, bytes);
});
export const account = named("account");
export const operator = named("operator");

const counted = (count, ...parts) => concat(integer(32, false, count), ...parts);

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const string = both((json) => {
  if (typeof json !== "string" || !json.isWellFormed()) throw new Error(`${shown(json)} is no text`);
  const bytes = utf8(json);
  return counted(bytes.length, bytes);
}, (source) => strict.decode(source.take(source.count())));

export const list = (item) => both((json) => {
  if (!Array.isArray(json)) throw new Error(`${shown(json)} is no list`);
  return counted(json.length, ...json.map((one) => item(one)));
}, (source) => {
  const json = [];
  for (let left = source.count(); left > 0; left -= 1) json.push(item.read(source));
  return json;
});

export const tuple = (...items) => both((json) => {
  if (!Array.isArray(json) || json.length !== items.length) {
    throw new Error(`${shown(json)} is not ${items.length} values`);
  }
  return concat(...items.map((item, i) => item(json[i])));
}, (source) => items.map((item) => item.read(source)));

export const option = (some) => both(
  (json) => (json === null ? Uint8Array.of(0) : concat(Uint8Array.of(1), some(json))),
  (source) => (flag(source) ? some.read(source) : null),
);

/** What is in an object besides the field that names its variant. */
function fieldsOf(json, but) {
  if (json === null || typeof json !== "object" || Array.isArray(json)) throw new Error(`${shown(json)} has no fields`);
  return Object.keys(json).filter((key) => key !== but);
}

const encodeFields = (fields, json, but) => {
  const names = Object.keys(fields);
  const found = fieldsOf(json, but);
  if (found.length !== names.length || found.some((name, i) => name !== names[i])) {
    throw new Error(`the fields are ${found.join(", ")} and not ${names.join(", ")}`);
  }
  const parts = names.map((name) => {
    try {
      return fields[name](json[name]);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`);
    }
  });
  return concat(...parts);
};

const readFields = (fields, source, json) => {
  for (const name of Object.keys(fields)) json[name] = fields[name].read(source);
  return json;
};

export const struct = (fields) => {
  const type = both((json) => encodeFields(fields, json), (source) => readFields(fields, source, {}));
  return Object.assign(type, { fields });
};

/** A variant without a value of its own. */
export const unit = null;

function place(names, name) {
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`${shown(name)} is none of ${names.join(", ")}`);
  return Uint8Array.of(at);
}

function nameAt(names, source) {
  const [at] = source.take(1);
  if (at >= names.length) throw new Error(`there is no variant ${at} of ${names.join(", ")}`);
  return names[at];
}

export const choice = (...names) => both((json) => place(names, json), (source) => nameAt(names, source));

/** `"name"`, or `{"name": value}`. */
export const variants = (all) => {
  const names = Object.keys(all);
  return both((json) => {
    if (typeof json === "string") {
      if (all[json] !== unit) throw new Error(`${shown(json)} is not a variant by itself`);
      return place(names, json);
    }
    const [name, ...more] = fieldsOf(json);
    if (more.length > 0 || !all[name]) throw new Error(`${shown(json)} is not one of ${names.join(", ")}`);
    return concat(place(names, name), all[name](json[name]));
  }, (source) => {
    const name = nameAt(names, source);
    return all[name] === unit ? name : { [name]: all[name].read(source) };
  });
};

/** `{tag: "name", ..fields}`. */
export const tagged = (tag, all) => both((json) => {
  const name = json?.[tag];
  const at = place(Object.keys(all), name);
  if (Object.keys(json)[0] !== tag) throw new Error(`${tag} is not the first field`);
  return all[name] === unit ? at : concat(at, encodeFields(all[name].fields, json, tag));
}, (source) => {
  const name = nameAt(Object.keys(all), source);
  const json = { [tag]: name };
  return all[name] === unit ? json : readFields(all[name].fields, source, json);
});

/** `{tag: "name", content: value}`. */
export const adjacent = (tag, content, all) => both((json) => {
  const name = json?.[tag];
  const at = place(Object.keys(all), name);
  const names = all[name] === unit ? [tag] : [tag, content];
  if (Object.keys(json).join() !== names.join()) throw new Error(`${shown(json)} is not ${names.join(" and ")}`);
  return all[name] === unit ? at : concat(at, all[name](json[content]));
}, (source) => {
  const name = nameAt(Object.keys(all), source);
  return all[name] === unit ? { [tag]: name } : { [tag]: name, [content]: all[name].read(source) };
});
