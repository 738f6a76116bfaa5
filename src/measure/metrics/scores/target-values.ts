import { describeValue } from "../../../check/describe-value.js";
import { EvaluationError, InvalidArgumentError, InvalidDataError } from "../../../errors.js";

/**
 * Numbers to be met as an own array.
 * @throws InvalidArgumentError for what is no list of numbers, or an empty one; InvalidDataError
 *   for NaN and infinity
 */
export function readTargets(targets: ArrayLike<number>, name: string): Float64Array {
  if (typeof targets !== "object" || !Number.isInteger(targets?.length) || targets.length === 0)
    throw new InvalidArgumentError(
      name,
      `${name} is ${describeValue(targets)}; allowed: a list of numbers, one for each value of ` +
        "the output",
    );
  const wrong = Array.from(targets).findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new InvalidDataError(
      `${name}.${wrong}`,
      `${name}[${wrong}] is ${describeValue(targets[wrong])}; allowed: finite numbers`,
    );
  return Float64Array.from(targets);
}

/** @throws EvaluationError unless there is a target for each value (or, in a part, more) */
export function requireTargets(targets: number, values: number, partial: boolean): void {
  if (partial ? targets >= values : targets === values) return;
  throw new EvaluationError(
    "metric.targets",
    `there are ${targets} targets for ${values} values of the output; allowed: one for each`,
  );
}
