// JSON with whole numbers kept exact: those beyond 2^53 are read as BigInt.
//
// A certificate has one text. `pretty` writes a value as the node does, so that a file that was
// changed in any way, even by a space, is found out by comparing.

const NUMBER = /-?(?:0|[1-9]\d*)(?![\d.eE])/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\n\r]*/y;
const WORD = /true|false|null/y;
const DEEPEST = 64;

/** The value of a text; objects have no prototype, and a key stands once. */
export function parse(text) {
  let at = 0;
  const refuse = (what) => new Error(`not JSON that is read here: ${what} at character ${at}`);
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found[0];
  };
  const skip = () => take(SPACE);
  const expect = (letter) => {
    skip();
    if (text[at] !== letter) throw refuse(`${JSON.stringify(letter)} is missing`);
    at += 1;
  };
  const string = () => {
    skip();
    const found = take(STRING);
    if (found === undefined) throw refuse("a text is missing");
    return JSON.parse(found);
  };
  /** Parts between brackets, with commas between them. */
  const parts = (close, one) => {
    at += 1;
    skip();
    if (text[at] === close) {
      at += 1;
      return;
    }
    for (;;) {
      one();
      skip();
      if (text[at] === close) {
        at += 1;
        return;
      }
      expect(",");
    }
  };
  const value = (depth) => {
    if (depth > DEEPEST) throw refuse("too deep");
    skip();
    const letter = text[at];
    if (letter === "{") {
      const object = Object.create(null);
      parts("}", () => {
        const key = string();
        if (key in object) throw refuse(`${JSON.stringify(key)} stands twice`);
        expect(":");
        object[key] = value(depth + 1);
      });
      return object;
    }
    if (letter === "[") {
      const list = [];
      parts("]", () => list.push(value(depth + 1)));
      return list;
    }
    if (letter === '"') return string();
    const word = take(WORD);
    if (word !== undefined) return JSON.parse(word);
    const number = take(NUMBER);
    if (number === undefined || number === "-0") throw refuse("a value is missing");
    return Number.isSafeInteger(Number(number)) ? Number(number) : BigInt(number);
  };
  const whole = value(0);
  skip();
  if (at !== text.length) throw refuse("more than one value");
  return whole;
}

/** The text of a value, with two spaces for each depth. */
export function pretty(value, indent = "") {
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    const lines = value.map((one) => deeper + pretty(one, deeper));
    return `[\n${lines.join(",\n")}\n${indent}]`;
  }
  if (value !== null && typeof value === "object") {
    const keys = Object.keys(value);
    if (keys.length === 0) return "{}";
    const lines = keys.map((key) => `${deeper}${JSON.stringify(key)}: ${pretty(value[key], deeper)}`);
    return `{\n${lines.join(",\n")}\n${indent}}`;
  }
  return typeof value === "bigint" ? value.toString() : JSON.stringify(value);
}
