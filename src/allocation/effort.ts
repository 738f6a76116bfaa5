import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";

/** The present time in milliseconds from any origin. */
export type Clock = () => number;

/** How long an exact search may go on. */
export interface EffortLimits {
  /**
   * Stop after about this many milliseconds with the best allocation so far, and a gap above 0.
   * What is found then depends on the speed of the machine. Default: no limit, and the clock is
   * never read.
   */
  readonly timeLimitMs?: number | undefined;
  /** The clock of `timeLimitMs`. Default: performance.now. */
  readonly now?: Clock | undefined;
  /**
   * Stop after about this many steps (partial allocations extended; about ten million a second), at
   * least 0. What is found depends on nothing else. Default: 20,000,000 without a time limit, none
   * with one.
   */
  readonly maxSteps?: number | undefined;
}

/** Counts steps and reads the clock now and then. */
export interface Effort {
  /** Steps that are left. */
  readonly left: number;
  /** Counts steps. */
  spend(steps: number): void;
  /** The time is over or the steps are spent. */
  expired(): boolean;
}

const DEFAULT_STEPS = 2e7;

/** @throws InvalidArgumentError when a limit is negative or NaN */
export function startEffort(limits: EffortLimits): Effort {
  const { timeLimitMs, now } = limits;
  for (const name of ["timeLimitMs", "maxSteps"] as const)
    if (limits[name] !== undefined && !(limits[name] >= 0))
      throw new InvalidArgumentError(
        name,
        `${name} is ${describeValue(limits[name])}; allowed: 0 or more`,
      );
  // The one clock of this room: it can stop the search early, and nothing else depends on it.
  const clock = now ?? (() => performance.now());
  const end = timeLimitMs === undefined ? Number.POSITIVE_INFINITY : clock() + timeLimitMs;
  let left =
    limits.maxSteps ?? (timeLimitMs === undefined ? DEFAULT_STEPS : Number.POSITIVE_INFINITY);
  return {
    get left() {
      return left;
    },
    spend(steps) {
      left -= steps;
    },
    expired: () => left < 0 || (timeLimitMs !== undefined && clock() >= end),
  };
}
