import type { GenomeMetrics } from "../genome/quantization-genome.js";

/** Names of the objectives, in the order of {@link objectiveVector}. All are minimised. */
export const OBJECTIVE_NAMES = ["accuracyLoss", "sizeBytes", "latencyMs", "energyMj"] as const;
/** One of {@link OBJECTIVE_NAMES}. */
export type ObjectiveName = (typeof OBJECTIVE_NAMES)[number];

/**
 * The objective values of an evaluated genome, all minimised: 1 - accuracy, bytes of the file where
 * one is written and else of the parameters, milliseconds and millijoules.
 */
export function objectiveVector(
  metrics: Pick<
    GenomeMetrics,
    "accuracy" | "sizeBytes" | "fileBytes" | "inferenceLatencyMs" | "energyPerInferenceMj"
  >,
): readonly [number, number, number, number] {
  return [
    1 - metrics.accuracy,
    metrics.fileBytes ?? metrics.sizeBytes,
    metrics.inferenceLatencyMs,
    metrics.energyPerInferenceMj,
  ];
}
