import type { FitnessCosts } from "../../evaluation/fitness.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import { hypervolume } from "../../pareto/hypervolume.js";

/**
 * Hypervolume of a front in accuracy loss, size, latency and energy, exact, 0 to 1: the share of
 * the box between a model that loses and costs nothing and one that is never right and costs twice
 * what float32 does, so that genomes count whose latency is near float32's or above it (all of a
 * small network's may be).
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

/** Half at the float32 model's cost; 0 when there is nothing to save. */
function share(value: number, whole: number): number {
  return whole === 0 ? Math.min(1, value) : value / (2 * whole);
}
