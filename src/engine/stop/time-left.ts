import type { RunLimits } from "./termination.js";

/** Where a run stands, for {@link estimatedMsLeft}. */
export interface Pace {
  readonly elapsedMs: number;
  /** Generations and evaluations made in that time, not those that a checkpoint spared. */
  readonly generations: number;
  readonly evaluations: number;
  /** The same, with those that were spared. */
  readonly totalGenerations: number;
  readonly totalEvaluations: number;
}

/**
 * Milliseconds until the first limit is reached when all goes on at the same pace; undefined
 * without a pace.
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
