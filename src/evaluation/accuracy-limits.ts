import type { GenomeMetrics } from "../genome/quantization-genome.js";
import { Z95 } from "../numeric/confidence.js";

/**
 * What limits on accuracy are compared with: `estimate`: the value that was found; `lower-bound`:
 * the unfavourable end of its 95% interval, or the value where that is unknown.
 */
export type AccuracyLimitOn = "estimate" | "lower-bound";

/** All of {@link AccuracyLimitOn}. */
export const ACCURACY_LIMIT_ON = ["estimate", "lower-bound"] as const;

/** What is known of an accuracy. */
export type KnownAccuracy = Pick<
  GenomeMetrics,
  | "accuracy"
  | "accuracyStandardError"
  | "accuracyInterval"
  | "accuracyDrop"
  | "accuracyDropUpperBound"
>;

/** The accuracy and the drop that limits are compared with. */
export function limitedAccuracy(
  known: KnownAccuracy,
  on: AccuracyLimitOn = "estimate",
): { readonly accuracy: number; readonly accuracyDrop: number | undefined } {
  const { accuracy, accuracyInterval, accuracyStandardError = 0, accuracyDrop } = known;
  if (on === "estimate") return { accuracy, accuracyDrop };
  return {
    accuracy: accuracyInterval?.[0] ?? Math.max(0, accuracy - Z95 * accuracyStandardError),
    accuracyDrop: known.accuracyDropUpperBound ?? accuracyDrop,
  };
}
