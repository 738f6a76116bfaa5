/**
 * 64 bits that tell data apart, as 16 hexadecimal digits: FNV-1a
 * (http://www.isthe.com/chongo/tech/comp/fnv/) in two lanes with different primes. For cache keys;
 * it is no defence against forgery.
 */
export function fingerprint(...parts: readonly (string | ArrayBufferView)[]): string {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const mix = (byte: number) => {
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b ^ byte, 0x5bd1e995);
    b ^= b >>> 15;
  };
  for (const part of parts) {
    const bytes =
      typeof part === "string"
        ? new TextEncoder().encode(part)
        : new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    for (let i = 0; i < bytes.length; i++) mix(bytes[i]!);
    // Lengths keep parts apart: "ab", "c" is not "a", "bc".
    for (let rest = bytes.length, i = 0; i < 6; i++, rest = Math.floor(rest / 256)) mix(rest & 255);
  }
  return [a, b].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}
