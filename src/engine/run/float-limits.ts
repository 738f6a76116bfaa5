import { InvalidConfigError } from "../../errors.js";
import { limitedAccuracy } from "../../evaluation/accuracy-limits.js";
import type { AccuracyEstimate } from "../../evaluation/evaluator.js";
import type { ResolvedConfig } from "../config.js";

/**
 * Refuses limits on accuracy that the float32 model itself does not keep: no genome is to be
 * expected that does.
 * @param float its estimate; undefined = unknown, and nothing is refused
 * @throws InvalidConfigError naming the limit, its value and what is allowed
 */
export function checkFloatKeepsLimits(
  { minAccuracy, accuracyLimitOn }: Pick<ResolvedConfig, "minAccuracy" | "accuracyLimitOn">,
  float: AccuracyEstimate | undefined,
): void {
  if (minAccuracy === undefined || float === undefined) return;
  const { accuracy, standardError, interval } = float;
  const known = {
    accuracy,
    accuracyStandardError: standardError,
    accuracyInterval: interval,
  };
  const { accuracy: most } = limitedAccuracy(known, accuracyLimitOn);
  if (minAccuracy <= most) return;
  const what = accuracyLimitOn === "estimate" ? "accuracy" : "lower bound of the accuracy";
  throw new InvalidConfigError(
    "minAccuracy",
    `minAccuracy is ${minAccuracy}, above the ${what} of the float32 model itself, ${most}; ` +
      "allowed: at most that, or maxAccuracyDrop, which is a limit against it",
  );
}
