import { raceAbort } from "../../async/race-abort.js";
import type { SearchProgress, StopCondition } from "./stop-condition.js";
import type { StopSignal } from "./stop-signal.js";

/**
 * Why a run ended:
 * - `max-generations`: it ran all generations.
 * - `max-evaluations`: it used its evaluations.
 * - `time-limit`: its time was over.
 * - `stagnation`: the front stopped improving.
 * - `stop-condition`: the caller's condition was met.
 * - `aborted`: the caller's signal was aborted.
 */
export type StopReason =
  | "max-generations"
  | "max-evaluations"
  | "time-limit"
  | "stagnation"
  | "stop-condition"
  | "aborted";

/** The limits of a run, and the conditions that end it earlier. */
export interface RunLimits {
  readonly maxGenerations: number;
  readonly maxEvaluations?: number | undefined;
  readonly stagnation?: StopCondition | undefined;
  readonly stopWhen?: StopCondition | undefined;
}

/**
 * Why the run ends after this generation, or undefined when it goes on. Of several reasons, the
 * first in the order of {@link StopReason}.
 */
export async function stopReason(
  progress: SearchProgress,
  limits: RunLimits,
): Promise<StopReason | undefined> {
  if (progress.generation >= limits.maxGenerations) return "max-generations";
  if (
    limits.maxEvaluations !== undefined &&
    (progress.evaluations >= limits.maxEvaluations || progress.budgetSpent)
  )
    return "max-evaluations";
  if (await limits.stagnation?.isMet(progress)) return "stagnation";
  return (await limits.stopWhen?.isMet(progress)) ? "stop-condition" : undefined;
}

/** {@link stopReason}, or why the run was stopped: that does not wait for a condition. */
export async function reasonToStop(
  stop: StopSignal,
  progress: SearchProgress,
  limits: RunLimits,
): Promise<StopReason | undefined> {
  if (stop.reason !== undefined) return stop.reason;
  try {
    return await raceAbort(stopReason(progress, limits), stop.signal);
  } catch (error) {
    if (stop.reason === undefined || error !== stop.signal.reason) throw error;
    return stop.reason;
  }
}
