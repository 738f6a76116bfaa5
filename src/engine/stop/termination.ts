import type { SearchProgress, StopCondition } from "./stop-condition.js";

/**
 * Why a run ended: all generations were run, all evaluations used, the time was over, it got no
 * further, a condition of the caller was met, or its signal was aborted.
 */
export type StopReason =
  | "max-generations"
  | "max-evaluations"
  | "time-limit"
  | "stagnation"
  | "stop-condition"
  | "aborted";

/** What a run may use up, and when it may end sooner. */
export interface RunLimits {
  readonly maxGenerations: number;
  readonly maxEvaluations?: number | undefined;
  readonly stagnation?: StopCondition | undefined;
  readonly stopWhen?: StopCondition | undefined;
}

/**
 * Why the run ends after this generation; undefined when it goes on. Of several reasons the first
 * of {@link StopReason}.
 */
export function stopReason(progress: SearchProgress, limits: RunLimits): StopReason | undefined {
  if (progress.generation >= limits.maxGenerations) return "max-generations";
  if (
    limits.maxEvaluations !== undefined &&
    (progress.evaluations >= limits.maxEvaluations || progress.budgetSpent)
  )
    return "max-evaluations";
  if (limits.stagnation?.isMet(progress)) return "stagnation";
  return limits.stopWhen?.isMet(progress) ? "stop-condition" : undefined;
}
