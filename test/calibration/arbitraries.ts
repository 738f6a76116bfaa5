import fc from "fast-check";
import { Random } from "../../src/random/random.js";

/** A few values of any kind: ordinary, huge, denormal, equal, zero. */
export const valueLists = fc.oneof(
  fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 60 }),
  fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 }),
  fc.array(fc.constantFrom(0, -0, 1, -1, 0.25, 1e-42, 1000), { minLength: 1, maxLength: 40 }),
  fc
    .tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 1, max: 20 }))
    .map(([x, n]) => Array.from({ length: n }, () => x)),
);

/** Normal deviates, with every `outlierEvery`-th ten times as great (0: none). */
export function normals(length: number, seed: number, outlierEvery = 0): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, (_, i) => {
    const x = random.normal();
    return outlierEvery > 0 && i % outlierEvery === 0 ? 10 * x : x;
  });
}

/** Sum of squared errors. */
export function squaredError(values: Float32Array, restored: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i]! - restored[i]!) ** 2;
  return sum;
}
