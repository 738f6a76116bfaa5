import { InvalidArgumentError } from "../errors.js";

/** Limits that a genome has to keep to be feasible. Absent = no limit. */
export interface ConstraintTargets {
  /** Most milliseconds per inference, above 0. */
  readonly targetLatencyMs?: number | undefined;
  /** Most MB (10^6 bytes) of weights and live activations, above 0. */
  readonly targetMemoryMb?: number | undefined;
  /** Most millijoules per inference, above 0. */
  readonly targetEnergyMj?: number | undefined;
  /** Least accuracy, 0 to 1. */
  readonly minAccuracy?: number | undefined;
}

/** Every limit there is, see {@link constraintViolations}. */
const CONSTRAINT_NAMES = [
  "targetLatencyMs",
  "targetMemoryMb",
  "targetEnergyMj",
  "minAccuracy",
  "refusedLayers",
] as const;

/** What the limits are compared with. */
export interface ConstrainedValues {
  readonly accuracy: number;
  readonly latencyMs: number;
  readonly memoryMb: number;
  readonly energyMj: number;
  /** Share of the layers that the target refuses to run, 0 to 1. */
  readonly refusedShare: number;
}

/**
 * The limits that are broken: name of the limit (as in {@link ConstraintTargets}, or
 * `refusedLayers`) to its relative excess: 0.1 is 10% over the limit, for `minAccuracy` 10% under
 * it, for `refusedLayers` the share of layers that the target's runtime refuses. Empty when
 * feasible.
 * @throws InvalidArgumentError when a limit is out of its range
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
  if (values.refusedShare > 0) violations.refusedLayers = values.refusedShare;
  return violations;
}

/** @throws InvalidArgumentError naming the limit, its value and the allowed range */
export function checkConstraintTargets(targets: ConstraintTargets): void {
  for (const name of ["targetLatencyMs", "targetMemoryMb", "targetEnergyMj"] as const) {
    const limit = targets[name];
    if (limit !== undefined && !(limit > 0 && Number.isFinite(limit)))
      throw new InvalidArgumentError(name, `${name} is ${limit}; allowed: a finite number above 0`);
  }
  const { minAccuracy } = targets;
  if (minAccuracy !== undefined && !(minAccuracy >= 0 && minAccuracy <= 1))
    throw new InvalidArgumentError("minAccuracy", `minAccuracy is ${minAccuracy}; allowed: 0 to 1`);
}

/** Sum of the relative excesses; 0 when feasible. It is what constrained dominance compares. */
export function totalViolation(violations: Readonly<Record<string, number>>): number {
  return Object.values(violations).reduce((sum, excess) => sum + excess, 0);
}

/**
 * The total violation, then the relative excess over each limit, in a fixed order: what genomes are
 * compared by as long as none is feasible. A genome that breaks no limit more than another, and
 * some less, dominates it.
 */
export function violationVector(violations: Readonly<Record<string, number>>): readonly number[] {
  return [totalViolation(violations), ...CONSTRAINT_NAMES.map((name) => violations[name] ?? 0)];
}
