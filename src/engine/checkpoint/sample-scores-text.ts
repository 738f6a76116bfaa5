/**
 * Encodes scores as base64 text: one bit each where all are 0 or 1 (wrong or right), else float32.
 * Low byte and low bit first.
 */
export function scoresToText(scores: Float32Array): string {
  if (scores.every((score) => score === 1 || Object.is(score, 0))) {
    const bytes = new Uint8Array(Math.ceil(scores.length / 8));
    for (const [i, score] of scores.entries()) if (score === 1) bytes[i >> 3]! |= 1 << (i & 7);
    return `bits:${scores.length}:${toBase64(bytes)}`;
  }
  const bytes = new Uint8Array(scores.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [i, score] of scores.entries()) view.setFloat32(i * 4, score, true);
  return `float32:${scores.length}:${toBase64(bytes)}`;
}

/** Decodes what {@link scoresToText} wrote; undefined for any other text. */
export function scoresFromText(text: string): Float32Array | undefined {
  const match = /^(bits|float32):(0|[1-9]\d{0,8}):([A-Za-z0-9+/=]*)$/.exec(text);
  if (match === null) return undefined;
  const length = Number(match[2]);
  const bytes = fromBase64(match[3]!);
  if (bytes?.length !== (match[1] === "bits" ? Math.ceil(length / 8) : length * 4))
    return undefined;
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length }, (_, i) =>
    match[1] === "bits" ? (bytes[i >> 3]! >> (i & 7)) & 1 : view.getFloat32(i * 4, true),
  );
}

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  // A call takes a limited number of arguments.
  for (let i = 0; i < bytes.length; i += 8192)
    parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
  return btoa(parts.join(""));
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}
