import type { Random } from "../../src/random/random.js";

/** Bytes that are bounds of something: signs, ends of varints, lengths. */
const ODD = [0, 1, 2, 8, 10, 0x7f, 0x80, 0xfe, 0xff];

const CHANGES: readonly ((bytes: number[], at: number, random: Random) => void)[] = [
  (bytes, at, random) => {
    bytes[at] = bytes[at]! ^ (1 << random.integer(8));
  },
  (bytes, at, random) => {
    bytes[at] = random.pick(ODD);
  },
  (bytes, at, random) => {
    bytes[at] = random.integer(256);
  },
  (bytes, at, random) => {
    bytes.splice(at, 1 + random.integer(16));
  },
  (bytes, at, random) => {
    bytes.splice(at, 0, ...Array.from({ length: 1 + random.integer(9) }, () => random.pick(ODD)));
  },
  (bytes, at, random) => {
    const from = random.integer(bytes.length);
    bytes.splice(at, 0, ...bytes.slice(from, from + 1 + random.integer(64)));
  },
  (bytes, at, random) => {
    const from = random.integer(bytes.length);
    const part = bytes.slice(from, from + 1 + random.integer(64));
    bytes.splice(at, part.length, ...part);
  },
  (bytes, at) => {
    bytes.length = at;
  },
];

/** A copy with one to eight changes: bits, bytes, parts that are gone, come twice or move. */
export function mutateBytes(original: Uint8Array, random: Random): Uint8Array {
  const bytes = [...original];
  const changes = 1 + random.integer(random.chance(0.5) ? 2 : 8);
  for (let i = 0; i < changes && bytes.length > 0; i++) {
    // The end of a file is cut seldom, or most mutants would be nothing but short.
    const change = random.chance(0.98) ? random.integer(CHANGES.length - 1) : CHANGES.length - 1;
    CHANGES[change]!(bytes, random.integer(bytes.length), random);
  }
  return Uint8Array.from(bytes);
}
