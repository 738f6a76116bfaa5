import { checkFields } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { InvalidArgumentError } from "../../errors.js";
import type { Metric, MetricOptions } from "./metric.js";

/**
 * @throws InvalidArgumentError (path `metric`) unless the value has a name and a function
 *   `evaluate`
 */
export function checkMetric(value: unknown): asserts value is Metric {
  const { name, evaluate } = (value ?? {}) as Partial<Metric>;
  if (typeof value === "object" && typeof name === "string" && typeof evaluate === "function")
    return;
  const call =
    typeof value === "function" ? "; call the function, with the labels where it needs them" : "";
  throw new InvalidArgumentError(
    "metric",
    `metric is ${describeValue(value)}; allowed: what topOneAccuracy(labels), ` +
      `perplexity(targets) or outputAgreement() returns, or another Metric${call}`,
  );
}

/** @throws InvalidArgumentError for unknown options of a metric, or an `output` that is no name */
export function checkMetricOptions(options: MetricOptions): void {
  checkFields(options, "options", ["output"]);
  const { output } = options;
  if (output !== undefined && typeof output !== "string")
    throw new InvalidArgumentError(
      "output",
      `output is ${describeValue(output)}; allowed: the name of an output of the model`,
    );
}
