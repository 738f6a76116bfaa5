import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { totalViolation } from "./constraints.js";
import { objectiveVector } from "./objectives.js";

/** An evaluated genome as the search sees it. */
export interface Individual {
  readonly genome: QuantizationGenome;
  /** All minimised. */
  readonly objectives: readonly number[];
  /** Total constraint violation; 0 when feasible. */
  readonly violation: number;
  /** Weighted fitness, larger is better. */
  readonly fitness: number;
}

/** What the search sees of a genome that has metrics. */
export function toIndividual(genome: QuantizationGenome): Individual {
  const metrics = genome.metrics!;
  return {
    genome,
    objectives: objectiveVector(metrics),
    violation: totalViolation(metrics.violations),
    fitness: metrics.fitnessScore,
  };
}
