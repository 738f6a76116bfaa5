import type { Random } from "../../src/random/random.js";

/** Values in the place of others. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1.58,
  8,
  1e308,
  -0,
  2 ** 53,
  "",
  "0",
  "__proto__",
  "\u001b[2J\u202e",
  "x".repeat(100_000),
  [],
  [[]],
  {},
  { a: 1 },
  Array.from({ length: 1000 }, () => 0),
];
const KEYS = ["__proto__", "constructor", "toString", "", "name", "kind", "layers", "\u0000"];
const PIECES = [
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  '"',
  "\\",
  "\n",
  "  ",
  "- ",
  "\uFEFF",
  "*a",
  "&a ",
  "!!js ",
];

const DIGITS = [..."0123456789.-eE "];

type Parent = Record<string, unknown> | unknown[];

const anyValue = (random: Random): unknown => structuredClone(random.pick(VALUES));

/** All objects and lists of some data. */
function parents(data: unknown, found: Parent[] = []): Parent[] {
  if (typeof data !== "object" || data === null) return found;
  found.push(data as Parent);
  for (const value of Object.values(data)) parents(value, found);
  return found;
}

/** The own value of that name; null when there is none. */
function valueAt(parent: Parent, key: string): unknown {
  return Object.hasOwn(parent, key) ? (parent as Record<string, unknown>)[key] : null;
}

/** A copy of JSON data with one to four other values, keys or items. */
export function mutateData(original: unknown, random: Random): unknown {
  const data: unknown = structuredClone(original);
  for (let changes = 1 + random.integer(4); changes > 0; changes--) {
    const all = parents(data);
    if (all.length === 0) return anyValue(random);
    const parent = random.pick(all);
    const keys = Object.keys(parent);
    const key = keys.length > 0 ? random.pick(keys) : "0";
    const put = (name: string, value: unknown) =>
      Object.defineProperty(parent, name, {
        value,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    const kind = random.integer(5);
    if (kind === 0 && Array.isArray(parent)) parent.splice(Number(key), 1);
    else if (kind === 0) Reflect.deleteProperty(parent, key);
    else if (kind === 1 && Array.isArray(parent))
      parent.push(...structuredClone(parent.slice(0, 9)));
    else if (kind === 1 && !Array.isArray(parent)) put(random.pick(KEYS), anyValue(random));
    else if (kind === 2 && keys.length > 0)
      put(key, structuredClone(valueAt(random.pick(all), key)));
    else put(key, anyValue(random));
  }
  return data;
}

/** A text with one to six other characters, pieces or parts. */
export function mutateText(original: string, random: Random): string {
  let text = original;
  for (let left = random.chance(0.5) ? 1 : 1 + random.integer(6); left > 0; left--) {
    const at = random.integer(text.length + 1);
    if (random.chance(0.4)) {
      text = text.slice(0, at) + random.pick(DIGITS) + text.slice(at + 1);
      continue;
    }
    const cut = random.integer(random.chance(0.8) ? 4 : 200);
    const from = random.integer(text.length + 1);
    const put = random.pick([
      "",
      random.pick(PIECES),
      String.fromCharCode(random.integer(0x300)),
      text.slice(from, from + random.integer(100)),
      random.pick(PIECES).repeat(random.integer(2000)),
    ]);
    text = text.slice(0, at) + put + text.slice(at + cut);
  }
  return text;
}
