// The consensus codec, from JSON: a type says how its JSON becomes bytes.
//
// Integers are little-endian and of fixed width, lists carry a u32 length, an option is one byte
// and its value, a variant is its place and its value (docs/spec/01-arithmetic.md). A type is a
// function from JSON to bytes that refuses whatever it does not know: a field that is missing, one
// too many, one out of order, a number out of range.

import { parseAddress } from "./bech32m.js";
import { concat, unhex, utf8 } from "./bytes.js";

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

const number = (bits, signed) => (json) => {
  if (!Number.isInteger(json) && typeof json !== "bigint") throw new Error(`${shown(json)} is no whole number`);
  return integer(bits, signed, json);
};

/** A number that JSON carries as text, in its only text. */
const decimal = (bits, signed) => (json) => {
  if (typeof json !== "string" || !/^-?\d+$/.test(json) || BigInt(json).toString() !== json) {
    throw new Error(`${shown(json)} is not the text of a whole number`);
  }
  return integer(bits, signed, json);
};

export const u8 = number(8, false);
export const u16 = number(16, false);
export const u32 = number(32, false);
export const u64 = number(64, false);
export const i64 = number(64, true);
export const i128 = decimal(128, true);
export const amount = decimal(128, false);

export const bool = (json) => {
  if (typeof json !== "boolean") throw new Error(`${shown(json)} is neither true nor false`);
  return Uint8Array.of(json ? 1 : 0);
};

const digits = (length) => (json) => unhex(json, length);
export const hash = digits(32);
export const signature = digits(64);
export const vrfProof = digits(96);
export const account = (json) => parseAddress("account", json);
export const operator = (json) => parseAddress("operator", json);

const counted = (count, ...parts) => concat(integer(32, false, count), ...parts);

export const string = (json) => {
  if (typeof json !== "string" || !json.isWellFormed()) throw new Error(`${shown(json)} is no text`);
  const bytes = utf8(json);
  return counted(bytes.length, bytes);
};

export const list = (item) => (json) => {
  if (!Array.isArray(json)) throw new Error(`${shown(json)} is no list`);
  return counted(json.length, ...json.map((one) => item(one)));
};

export const tuple = (...items) => (json) => {
  if (!Array.isArray(json) || json.length !== items.length) {
    throw new Error(`${shown(json)} is not ${items.length} values`);
  }
  return concat(...items.map((item, i) => item(json[i])));
};

export const option = (some) => (json) =>
  json === null ? Uint8Array.of(0) : concat(Uint8Array.of(1), some(json));

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

export const struct = (fields) => {
  const type = (json) => encodeFields(fields, json);
  type.fields = fields;
  return type;
};

/** A variant without a value of its own. */
export const unit = null;

function place(names, name) {
  const at = names.indexOf(name);
  if (at < 0) throw new Error(`${shown(name)} is none of ${names.join(", ")}`);
  return Uint8Array.of(at);
}

export const choice = (...names) => {
  const type = (json) => place(names, json);
  type.names = names;
  return type;
};

/** `"name"`, or `{"name": value}`. */
export const variants = (all) => {
  const names = Object.keys(all);
  return (json) => {
    if (typeof json === "string") {
      if (all[json] !== unit) throw new Error(`${shown(json)} is not a variant by itself`);
      return place(names, json);
    }
    const [name, ...more] = fieldsOf(json);
    if (more.length > 0 || !all[name]) throw new Error(`${shown(json)} is not one of ${names.join(", ")}`);
    return concat(place(names, name), all[name](json[name]));
  };
};

/** `{tag: "name", ..fields}`. */
export const tagged = (tag, all) => (json) => {
  const name = json?.[tag];
  const at = place(Object.keys(all), name);
  if (Object.keys(json)[0] !== tag) throw new Error(`${tag} is not the first field`);
  return all[name] === unit ? at : concat(at, encodeFields(all[name].fields, json, tag));
};

/** `{tag: "name", content: value}`. */
export const adjacent = (tag, content, all) => (json) => {
  const name = json?.[tag];
  const at = place(Object.keys(all), name);
  const names = all[name] === unit ? [tag] : [tag, content];
  if (Object.keys(json).join() !== names.join()) throw new Error(`${shown(json)} is not ${names.join(" and ")}`);
  return all[name] === unit ? at : concat(at, all[name](json[content]));
};
