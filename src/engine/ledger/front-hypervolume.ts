import type { FitnessCosts } from "../../evaluation/fitness.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { hypervolume } from "../../pareto/hypervolume.js";

/**
 * Exact hypervolume of a front in accuracy loss, size, latency and energy, 0 to 1. It is a share of
 * a box. One corner is a model without loss or cost, the opposite one is never right and costs
 * twice what float32 does. So genomes count whose latency is near or above float32's, as all of a
 * small network's may be.
 * @param front evaluated genomes
 * @param float32 costs of the float32 model
 */
export function frontHypervolume(
  front: readonly QuantizationGenome[],
  float32: FitnessCosts,
): number {
  const points = front.map(({ metrics }) => [
    1 - metrics!.accuracy,
    share(metrics!.sizeBytes, float32.sizeBytes),
    share(metrics!.inferenceLatencyMs, float32.latencyMs),
    share(metrics!.energyPerInferenceMj, float32.energyMj),
  ]);
  return points.length === 0 ? 0 : hypervolume(points, [1, 1, 1, 1]);
}

/** 1/2 at the float32 model's cost, and 0 when there is nothing to save. */
function share(value: number, whole: number): number {
  return whole === 0 ? Math.min(1, value) : value / (2 * whole);
}
