/** A layer whose sensitivity was predicted because the chosen metric gave none. */
export interface SensitivityFallback {
  /** Name of the layer. */
  readonly layer: string;
  /** Why the metric gave no sensitivity, for people. */
  readonly reason: string;
}

/** Loss increases of every layer, and the layers whose value was predicted instead. */
export interface FilledLossIncreases {
  /** By layer name, at least 0. */
  readonly lossIncreases: ReadonlyMap<string, number>;
  /** In model order. */
  readonly fallbacks: readonly SensitivityFallback[];
}

/**
 * The measured values, and predicted ones for the layers that have none. The predictions are
 * scaled so that their sum over the measured layers equals the measured sum.
 * @param measured by layer name, at least 0
 * @param predicted of every layer, in model order, at least 0
 * @returns a value for every layer, in model order
 */
export function fillFromPrediction(
  measured: ReadonlyMap<string, number>,
  predicted: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  let [sum, expected] = [0, 0];
  for (const [name, value] of measured) {
    sum += value;
    expected += predicted.get(name)!;
  }
  const scale = expected > 0 ? sum / expected : 1;
  return new Map(
    [...predicted].map(([name, value]) => [name, measured.get(name) ?? value * scale]),
  );
}
