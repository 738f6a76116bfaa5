import type { ConstraintTargets } from "../constraints.js";
import type { ExplainedValues, LimitState, WidthStep } from "./genome-explanation.js";

/**
 * The state of every limit that is set. `refusedLayers` is included where the genome, or a step
 * from it, has layers that the target refuses.
 * @param violations relative excesses of the limits that the genome breaks
 * @param steps the single steps from the genome
 */
export function limitStates(
  values: ExplainedValues & { readonly accuracyDrop?: number | undefined },
  targets: ConstraintTargets,
  violations: Readonly<Record<string, number>>,
  steps: readonly (WidthStep | undefined)[],
): readonly LimitState[] {
  const states: LimitState[] = [];
  const add = (name: string, limit: number | undefined, value: number, slack: number) => {
    const forbiddenSteps = steps.filter((step) => step?.breaks.includes(name)).length;
    if (limit === undefined) return;
    const state = slack < 0 ? "broken" : forbiddenSteps > 0 ? "binding" : "free";
    states.push({ name, limit, value, slack, state, forbiddenSteps });
  };
  const atMost = (name: keyof ConstraintTargets, value: number) =>
    add(name, targets[name], value, (targets[name] ?? 0) - value);
  atMost("targetLatencyMs", values.latencyMs);
  atMost("targetMemoryMb", values.memoryMb);
  atMost("targetEnergyMj", values.energyMj);
  const { minAccuracy } = targets;
  add("minAccuracy", minAccuracy, values.accuracy, values.accuracy - (minAccuracy ?? 0));
  const { maxAccuracyDrop } = targets;
  const { accuracyDrop = 0 } = values;
  add("maxAccuracyDrop", maxAccuracyDrop, accuracyDrop, (maxAccuracyDrop ?? 0) - accuracyDrop);
  const refused = violations.refusedLayers ?? 0;
  if (refused > 0 || steps.some((step) => step?.breaks.includes("refusedLayers")))
    add("refusedLayers", 0, refused, -refused);
  return states;
}
