import type { EvolutionState } from "./evolve.js";

/** Why a run ended: all generations were run or its signal was aborted. */
export type StopReason = "max-generations" | "aborted";

/** Why the run ends here; undefined when it goes on. An abort counts before the last generation does. */
export function stopReason(
  state: Pick<EvolutionState, "generation">,
  limits: { readonly maxGenerations: number; readonly signal?: AbortSignal | undefined },
): StopReason | undefined {
  if (limits.signal?.aborted) return "aborted";
  return state.generation >= limits.maxGenerations ? "max-generations" : undefined;
}
