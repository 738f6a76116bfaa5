/** A layer whose sensitivity is predicted although it was to be told otherwise. */
export interface SensitivityFallback {
  readonly layer: string;
  readonly reason: string;
}

/** Harms of every layer, and which of them are predicted instead. */
export interface FilledHarms {
  readonly harms: ReadonlyMap<string, number>;
  readonly fallbacks: readonly SensitivityFallback[];
}

/**
 * What was measured by layer, and for layers that it says nothing of the prediction, in the scale
 * that the two have on the layers that both know.
 * @param predicted of every layer, in model order, at least 0
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
