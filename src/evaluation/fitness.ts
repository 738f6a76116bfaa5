import { InvalidArgumentError } from "../errors.js";

/**
 * Weight of each objective in the fitness. Only ratios matter. No weight is negative, and not all
 * are 0.
 */
export interface FitnessWeights {
  readonly accuracyWeight: number;
  readonly compressionWeight: number;
  readonly latencyWeight: number;
  readonly energyWeight: number;
}

/** Costs of a genome that the fitness counts. */
export interface FitnessCosts {
  readonly sizeBytes: number;
  readonly latencyMs: number;
  readonly energyMj: number;
}

/**
 * Weighted fitness; larger is better. A feasible genome scores 0 to 1: the weighted mean of its
 * accuracy and of `reference / (reference + value)` for size, latency and energy. That term is 0.5
 * for a genome as expensive as the reference, 0.8 for one four times cheaper, and nears 1 for a
 * free one.
 *
 * An infeasible genome scores -v / (1 + v) for a total violation v. Its score lies in (-1, 0),
 * below every feasible one, and falls with the violation.
 * @param genome accuracy 0 to 1, and costs
 * @param reference costs of the float32 model on the same target
 * @param violation total relative excess over the limits, from 0; default 0
 * @throws InvalidArgumentError when a weight is negative or not finite, or all are 0
 */
export function weightedFitness(
  genome: FitnessCosts & { readonly accuracy: number },
  reference: FitnessCosts,
  weights: FitnessWeights,
  violation = 0,
): number {
  const sum = checkFitnessWeights(weights);
  if (violation > 0)
    return violation === Number.POSITIVE_INFINITY ? -1 : -violation / (1 + violation);
  return (
    (weights.accuracyWeight * genome.accuracy +
      weights.compressionWeight * saving(genome.sizeBytes, reference.sizeBytes) +
      weights.latencyWeight * saving(genome.latencyMs, reference.latencyMs) +
      weights.energyWeight * saving(genome.energyMj, reference.energyMj)) /
    sum
  );
}

/**
 * Checks the weights and adds them up.
 * @returns the sum of the weights, above 0
 * @throws InvalidArgumentError when a weight is negative or not finite, or all are 0
 */
export function checkFitnessWeights(weights: FitnessWeights): number {
  let sum = 0;
  for (const name of [
    "accuracyWeight",
    "compressionWeight",
    "latencyWeight",
    "energyWeight",
  ] as const) {
    const weight = weights[name];
    if (!(weight >= 0 && Number.isFinite(weight)))
      throw new InvalidArgumentError(
        name,
        `${name} is ${weight}; allowed: a finite number of at least 0`,
      );
    sum += weight;
  }
  if (sum === 0)
    throw new InvalidArgumentError(
      "accuracyWeight",
      "accuracyWeight, compressionWeight, latencyWeight and energyWeight are all 0; allowed: " +
        "at least one above 0",
    );
  return sum;
}

/** 0.5 when both are equal, also when both are 0. */
function saving(value: number, reference: number): number {
  return value === 0 && reference === 0 ? 0.5 : reference / (reference + value);
}
