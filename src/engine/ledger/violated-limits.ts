import type { ConstraintTargets } from "../../evaluation/constraints.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";

/** A limit that a genome breaks. */
export interface ViolatedLimit {
  /** Field of the configuration, or `refusedLayers`: layers that the target does not run. */
  readonly limit: keyof ConstraintTargets | "refusedLayers";
  /** What the limit allows; for `refusedLayers` 0. */
  readonly allowed: number;
  /**
   * What the genome has, in the unit of the limit; for `refusedLayers` the share of its layers, 0
   * to 1.
   */
  readonly reached: number;
  /** Relative excess: 0.1 = 10% over the limit, for `minAccuracy` 10% under it. */
  readonly excess: number;
}

/** Every limit that an evaluated genome breaks, the worst first; none when it is feasible. */
export function violatedLimits(
  genome: QuantizationGenome,
  targets: ConstraintTargets,
): readonly ViolatedLimit[] {
  const metrics = genome.metrics;
  if (metrics === undefined) return [];
  const reached: Readonly<Record<string, number>> = {
    targetLatencyMs: metrics.inferenceLatencyMs,
    targetMemoryMb: metrics.memoryFootprintMb,
    targetEnergyMj: metrics.energyPerInferenceMj,
    minAccuracy: metrics.accuracy,
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
