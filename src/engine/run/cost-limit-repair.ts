import { constraintViolations, totalViolation } from "../../evaluation/constraints.js";
import type { EvaluationDependencies } from "../../evaluation/evaluate-genome.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { type LimitRepair, limitRepair } from "../../operators/limit-repair.js";

/**
 * Brings genomes within the limits on latency, memory and energy, which the cost model tells before
 * anything is evaluated; undefined when there are none. Accuracy is not looked at. A genome that
 * the cost model fails on is left to fail.
 * @param scores sensitivity by layer
 */
export function costLimitRepair(
  { model, costModel, targets }: Pick<EvaluationDependencies, "model" | "costModel" | "targets">,
  scores?: ReadonlyMap<string, number>,
): LimitRepair | undefined {
  const { targetLatencyMs, targetMemoryMb, targetEnergyMj } = targets;
  if ((targetLatencyMs ?? targetMemoryMb ?? targetEnergyMj) === undefined) return undefined;
  const excess = (genome: QuantizationGenome): number => {
    try {
      const { latencyMs, memoryFootprintMb, energyMj } = costModel.estimate(model, genome);
      return totalViolation(
        constraintViolations(
          { accuracy: 1, latencyMs, memoryMb: memoryFootprintMb, energyMj, refusedShare: 0 },
          { targetLatencyMs, targetMemoryMb, targetEnergyMj },
        ),
      );
    } catch {
      return 0;
    }
  };
  return limitRepair(excess, scores);
}
