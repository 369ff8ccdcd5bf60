// Bytes and their hexadecimal text.

const encoder = new TextEncoder();

/** The UTF-8 bytes of a text. */
export const utf8 = (text) => encoder.encode(text);

/** Bytes one after the other. */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** The digits of bytes, in lower case. */
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The bytes of digits in lower case, of `length` bytes if one is named. */
export function unhex(text, length) {
  if (typeof text !== "string" || text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw new Error(`${JSON.stringify(text)} is not hexadecimal digits in lower case`);
  }
  if (length !== undefined && text.length !== 2 * length) {
    throw new Error(`${text} has ${text.length / 2} bytes, not ${length}`);
  }
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}

/** Whether two runs of bytes are the same. */
export const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
