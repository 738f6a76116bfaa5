import type { RunLimits } from "./termination.js";

/** The pace of a run, for {@link estimatedMsLeft}. */
export interface Pace {
  readonly elapsedMs: number;
  /** Generations completed in that time, without those that a checkpoint saved. */
  readonly generations: number;
  /** Evaluations made in that time, without those that a checkpoint saved. */
  readonly evaluations: number;
  /** All generations, including those that a checkpoint saved. */
  readonly totalGenerations: number;
  /** All evaluations, including those that a checkpoint saved. */
  readonly totalEvaluations: number;
}

/**
 * Estimated milliseconds until as many evaluations are made or the time is over, at the pace so
 * far. Undefined before there is a pace.
 * @param pace milliseconds, and the whole evaluations made in them
 * @param left whole evaluations, and milliseconds where time is limited
 */
export function msLeftFor(
  pace: Pick<Pace, "elapsedMs" | "evaluations">,
  left: { readonly evaluations: number; readonly timeMs?: number | undefined },
): number | undefined {
  const { elapsedMs, evaluations } = pace;
  if (elapsedMs <= 0 || evaluations <= 0) return undefined;
  const needed = (elapsedMs / evaluations) * left.evaluations;
  return Math.max(0, Math.min(needed, left.timeMs ?? Number.POSITIVE_INFINITY));
}

/**
 * Estimated milliseconds until the first limit is reached at the same pace. Undefined before there
 * is a pace.
 */
export function estimatedMsLeft(
  pace: Pace,
  limits: RunLimits & { readonly timeLimitMs?: number | undefined },
): number | undefined {
  const { elapsedMs } = pace;
  if (elapsedMs <= 0 || pace.generations <= 0) return undefined;
  const left = [(elapsedMs / pace.generations) * (limits.maxGenerations - pace.totalGenerations)];
  if (limits.maxEvaluations !== undefined && pace.evaluations > 0)
    left.push((elapsedMs / pace.evaluations) * (limits.maxEvaluations - pace.totalEvaluations));
  if (limits.timeLimitMs !== undefined) left.push(limits.timeLimitMs - elapsedMs);
  return Math.max(0, Math.min(...left));
}
