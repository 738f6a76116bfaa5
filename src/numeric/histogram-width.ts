/**
 * The width of bins that a magnitude falls into: `width` doubled until it does, or for width 0 the
 * least power of two that does. @returns 0 when both are 0
 */
export function widened(width: number, magnitude: number, bins: number): number {
  if (magnitude === 0) return width;
  let w = width === 0 ? 2 ** Math.floor(Math.log2(magnitude / bins)) : width;
  while (magnitude >= w * bins) w *= 2;
  // The logarithm may be off by one.
  if (width === 0) while (magnitude < (w / 2) * bins) w /= 2;
  return w;
}

/** Counts of bins twice as wide: pairs of neighbours, and zeros behind them. */
export function mergePairs(counts: Float64Array | Uint32Array): void {
  const half = counts.length / 2;
  for (let i = 0; i < half; i++) counts[i] = counts[2 * i]! + counts[2 * i + 1]!;
  counts.fill(0, half);
}
