/**
 * Maximises a concave function of two or more prices of at least 0 by the ellipsoid method (Shor
 * 1977; deep cuts after Frank and Mackey). Each supergradient cuts the ellipsoid that holds the
 * maximum. About 6 n (n + 1) steps for each factor of e in precision.
 * @param scales order of magnitude of each price, above 0: the ellipsoid starts at several times
 *   that
 * @param best the best value known
 * @param probe the function's value and a supergradient at some prices
 * @param expired asked at every step; true ends the ascent
 */
export function ascendDual(
  scales: Float64Array,
  best: number,
  probe: (prices: Float64Array) => { bound: number; excess: Float64Array },
  expired: () => boolean,
): void {
  const n = scales.length;
  const center = scales.map((scale) => scale / 2);
  // shape is P of the ellipsoid (x - center)' P^-1 (x - center) <= 1.
  const shape = new Float64Array(n * n);
  for (let i = 0; i < n; i++) shape[i * n + i] = n * (4 * scales[i]!) ** 2;
  const steps = 120 * n * (n + 1);
  const cut = new Float64Array(n);
  const along = new Float64Array(n);
  for (let step = 0; step < steps && !expired(); step++) {
    // Outside the quadrant cut by the most negative price, else by the supergradient, through the
    // best value so far.
    let depth = 0;
    const worst = center.reduce((at, price, m) => (price < center[at]! ? m : at), 0);
    if (center[worst]! < 0) {
      cut.fill(0);
      cut[worst] = -1;
      depth = -center[worst]!;
    } else {
      const { bound, excess } = probe(center);
      best = Math.max(best, bound);
      for (let m = 0; m < n; m++) cut[m] = -excess[m]!;
      depth = best - bound;
    }
    let norm = 0;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += shape[i * n + j]! * cut[j]!;
      along[i] = sum;
      norm += sum * cut[i]!;
    }
    norm = Math.sqrt(norm);
    // The rest of the ellipsoid holds no better value than rounding could tell.
    if (!(norm > 1e-12 * Math.abs(best) + 1e-300)) return;
    const alpha = Math.min(depth / norm, 0.9);
    const shift = (1 + n * alpha) / (n + 1);
    const shrink = ((n * n) / (n * n - 1)) * (1 - alpha * alpha);
    const fold = (2 * (1 + n * alpha)) / ((n + 1) * (1 + alpha));
    for (let i = 0; i < n; i++) center[i]! -= (shift * along[i]!) / norm;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        shape[i * n + j] =
          shrink * (shape[i * n + j]! - (fold * along[i]! * along[j]!) / (norm * norm));
  }
}
