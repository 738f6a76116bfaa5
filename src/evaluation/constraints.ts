import { InvalidArgumentError } from "../errors.js";

/** Limits that a feasible genome keeps. An absent limit does not apply. */
export interface ConstraintTargets {
  /** Largest latency of an inference in milliseconds, above 0. */
  readonly targetLatencyMs?: number | undefined;
  /** Largest memory of weights and live activations in MB (10^6 bytes), above 0. */
  readonly targetMemoryMb?: number | undefined;
  /** Largest energy of an inference in millijoules, above 0. */
  readonly targetEnergyMj?: number | undefined;
  /** Smallest accuracy, 0 to 1. */
  readonly minAccuracy?: number | undefined;
  /** Largest drop from the float32 model, from 0; see `GenomeMetrics.accuracyDrop`. */
  readonly maxAccuracyDrop?: number | undefined;
}

/** All limits, in the order of {@link violationVector}. */
const CONSTRAINT_NAMES = [
  "targetLatencyMs",
  "targetMemoryMb",
  "targetEnergyMj",
  "minAccuracy",
  "maxAccuracyDrop",
  "refusedLayers",
] as const;

/** The values of a genome that {@link constraintViolations} compares with the limits. */
export interface ConstrainedValues {
  /** 0 to 1. */
  readonly accuracy: number;
  /** Drop from the float32 model; needed where `maxAccuracyDrop` is set. */
  readonly accuracyDrop?: number | undefined;
  readonly latencyMs: number;
  readonly memoryMb: number;
  readonly energyMj: number;
  /** Share of the layers that the target refuses to run, 0 to 1. */
  readonly refusedShare: number;
}

/**
 * The limits that a genome breaks, each with its relative excess: 0.1 means 10% above the limit.
 * For `minAccuracy` it means 10% below. For `maxAccuracyDrop` it is the drop beyond the limit. For
 * `refusedLayers` it is the share of layers that the
 * target's runtime refuses.
 * @returns excesses by name: the fields of {@link ConstraintTargets}, and `refusedLayers`. Empty
 *   when the genome is feasible.
 * @throws InvalidArgumentError when a limit is out of its range, or the drop that one is about is
 *   unknown
 */
export function constraintViolations(
  values: ConstrainedValues,
  targets: ConstraintTargets,
): Readonly<Record<string, number>> {
  checkConstraintTargets(targets);
  const violations: Record<string, number> = {};
  const atMost = (name: keyof ConstraintTargets, value: number) => {
    const limit = targets[name];
    if (limit !== undefined && value > limit) violations[name] = value / limit - 1;
  };
  atMost("targetLatencyMs", values.latencyMs);
  atMost("targetMemoryMb", values.memoryMb);
  atMost("targetEnergyMj", values.energyMj);
  const { minAccuracy } = targets;
  if (minAccuracy !== undefined && values.accuracy < minAccuracy)
    violations.minAccuracy = 1 - values.accuracy / minAccuracy;
  const { maxAccuracyDrop } = targets;
  if (maxAccuracyDrop !== undefined) {
    const { accuracyDrop } = values;
    if (accuracyDrop === undefined)
      throw new InvalidArgumentError(
        "maxAccuracyDrop",
        "maxAccuracyDrop is a limit against the float32 model, whose accuracy is unknown; " +
          "allowed: an evaluator with a baseline",
      );
    if (accuracyDrop > maxAccuracyDrop) violations.maxAccuracyDrop = accuracyDrop - maxAccuracyDrop;
  }
  if (values.refusedShare > 0) violations.refusedLayers = values.refusedShare;
  return violations;
}

/**
 * Checks that every limit is in its range.
 * @throws InvalidArgumentError naming the limit, its value and the allowed range
 */
export function checkConstraintTargets(targets: ConstraintTargets): void {
  for (const name of ["targetLatencyMs", "targetMemoryMb", "targetEnergyMj"] as const) {
    const limit = targets[name];
    if (limit !== undefined && !(limit > 0 && Number.isFinite(limit)))
      throw new InvalidArgumentError(name, `${name} is ${limit}; allowed: a finite number above 0`);
  }
  const { minAccuracy } = targets;
  if (minAccuracy !== undefined && !(minAccuracy >= 0 && minAccuracy <= 1))
    throw new InvalidArgumentError("minAccuracy", `minAccuracy is ${minAccuracy}; allowed: 0 to 1`);
  const { maxAccuracyDrop } = targets;
  if (maxAccuracyDrop !== undefined && !(maxAccuracyDrop >= 0 && Number.isFinite(maxAccuracyDrop)))
    throw new InvalidArgumentError(
      "maxAccuracyDrop",
      `maxAccuracyDrop is ${maxAccuracyDrop}; allowed: a finite number of at least 0`,
    );
}

/** Sum of the relative excesses, which constrained dominance compares. 0 when feasible. */
export function totalViolation(violations: Readonly<Record<string, number>>): number {
  return Object.values(violations).reduce((sum, excess) => sum + excess, 0);
}

/**
 * The total violation, then the relative excess over each limit in a fixed order. Genomes are
 * compared by these vectors while none is feasible: one that exceeds no limit more than another,
 * and some limit less, dominates it.
 */
export function violationVector(violations: Readonly<Record<string, number>>): readonly number[] {
  return [totalViolation(violations), ...CONSTRAINT_NAMES.map((name) => violations[name] ?? 0)];
}
