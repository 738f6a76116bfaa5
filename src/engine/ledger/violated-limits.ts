import { limitedAccuracy } from "../../evaluation/accuracy-limits.js";
import type { ConstraintTargets } from "../../evaluation/constraints.js";
import type { EvaluationDependencies } from "../../evaluation/evaluate-genome.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";

/** A limit that a genome breaks. */
export interface ViolatedLimit {
  /** Field of the configuration; or `refusedLayers`, layers that the target does not run. */
  readonly limit: keyof ConstraintTargets | "refusedLayers";
  /** The limit; 0 for `refusedLayers`. */
  readonly allowed: number;
  /**
   * The genome's value in the limit's unit. For `refusedLayers` the share of its layers, 0 to 1.
   */
  readonly reached: number;
  /**
   * Relative excess: 0.1 means 10% above the limit, or below `minAccuracy`; for `maxAccuracyDrop`
   * the drop beyond it.
   */
  readonly excess: number;
}

/** The limits that an evaluated genome breaks, the worst first. Empty when it is feasible. */
export function violatedLimits(
  genome: QuantizationGenome,
  targets: EvaluationDependencies["targets"],
): readonly ViolatedLimit[] {
  const metrics = genome.metrics;
  if (metrics === undefined) return [];
  const { accuracy, accuracyDrop } = limitedAccuracy(metrics, targets.accuracyLimitOn);
  const reached: Readonly<Record<string, number>> = {
    targetLatencyMs: metrics.inferenceLatencyMs,
    targetMemoryMb: metrics.memoryFootprintMb,
    targetEnergyMj: metrics.energyPerInferenceMj,
    minAccuracy: accuracy,
    ...(accuracyDrop !== undefined && { maxAccuracyDrop: accuracyDrop }),
  };
  return Object.entries(metrics.violations)
    .map(([name, excess]) => ({
      limit: name as ViolatedLimit["limit"],
      allowed: targets[name as keyof ConstraintTargets] ?? 0,
      reached: reached[name] ?? excess,
      excess,
    }))
    .sort((a, b) => b.excess - a.excess);
}
