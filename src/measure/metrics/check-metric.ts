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
      `perplexity(targets), outputDivergence() or another metric of quantevo/onnx returns, or a ` +
      `Metric of your own${call}`,
  );
}

/**
 * Checks the options of a metric: the names of their fields, and `output`.
 * @param allowed names of the fields beside `output`
 * @throws InvalidArgumentError for unknown options, or an `output` that is no name
 */
export function checkMetricOptions(options: MetricOptions, allowed: readonly string[] = []): void {
  checkFields(options, "options", ["output", ...allowed]);
  const { output } = options;
  if (output !== undefined && typeof output !== "string")
    throw new InvalidArgumentError(
      "output",
      `output is ${describeValue(output)}; allowed: the name of an output of the model`,
    );
}

/** @throws InvalidArgumentError unless it is undefined or names one output or more, each once */
export function checkOutputs(outputs: unknown): void {
  if (outputs === undefined) return;
  const names = Array.isArray(outputs) && outputs.every((name) => typeof name === "string");
  if (names && outputs.length > 0 && new Set(outputs).size === outputs.length) return;
  throw new InvalidArgumentError(
    "outputs",
    `outputs is ${describeValue(outputs)}; allowed: a list of names of outputs, each once`,
  );
}

/** @throws InvalidArgumentError unless the option is one of the texts that are allowed */
export function checkChoice(name: string, value: unknown, allowed: readonly string[]): void {
  if (allowed.includes(value as string)) return;
  throw new InvalidArgumentError(
    name,
    `${name} is ${describeValue(value)}; allowed: ${allowed.join(", ")}`,
  );
}

/** @throws InvalidArgumentError unless the option is a finite number above `above`, if given */
export function checkNumber(name: string, value: unknown, above = Number.NEGATIVE_INFINITY): void {
  if (typeof value === "number" && Number.isFinite(value) && value > above) return;
  const bound = Number.isFinite(above) ? ` above ${above}` : "";
  throw new InvalidArgumentError(
    name,
    `${name} is ${describeValue(value)}; allowed: a finite number${bound}`,
  );
}

/** @throws InvalidArgumentError unless the option is an integer from `least` */
export function checkInteger(name: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw new InvalidArgumentError(
    name,
    `${name} is ${describeValue(value)}; allowed: an integer from ${least}`,
  );
}
