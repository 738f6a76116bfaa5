import fc from "fast-check";

/** Dominance as the definition has it. */
export function beats(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  const pairs = Array.from(a, (x, k) => [x, b[k] as number] as const);
  return pairs.every(([x, y]) => x <= y) && pairs.some(([x, y]) => x < y);
}

/** Points on a coarse grid, so that ties and repetitions are frequent. */
export const gridPoints = (options: { dimensions?: number; maxLength?: number } = {}) =>
  (options.dimensions === undefined
    ? fc.integer({ min: 1, max: 5 })
    : fc.constant(options.dimensions)
  ).chain((dimensions) =>
    fc.array(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: dimensions, maxLength: dimensions }),
      {
        maxLength: options.maxLength ?? 30,
      },
    ),
  );
