import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import type { MetricCall, ModelOutputs, OutputTensor } from "../metric.js";

/** The outputs that a metric with the option `output` reads. */
export function readOutputs(output: string | undefined): readonly string[] | "first" {
  return output === undefined ? "first" : [output];
}

/**
 * The output of a name; without one the model's first.
 * @throws EvaluationError (path `metric.output`) when there is none of that name
 */
export function selectOutput(
  outputs: ModelOutputs,
  output: string | undefined,
  call: MetricCall | undefined,
): OutputTensor & { readonly name: string } {
  const names = call?.outputNames ?? Object.keys(outputs);
  const name = output ?? names[0] ?? "";
  const tensor = Object.hasOwn(outputs, name) ? outputs[name] : undefined;
  if (tensor !== undefined) return { ...tensor, name };
  throw new EvaluationError(
    "metric.output",
    `the model has no output ${quoteName(name)}; allowed: ${names.map(quoteName).join(", ")}`,
  );
}

/**
 * The float model's outputs, as a metric that compares needs them.
 * @param metric name, for messages
 * @throws EvaluationError without them
 */
export function requireReference(
  reference: ModelOutputs | undefined,
  metric: string,
): ModelOutputs {
  if (reference !== undefined) return reference;
  throw new EvaluationError(
    "metric",
    `${metric} needs the float model's outputs; pass them as reference`,
  );
}

/** The call as it goes for the reference. */
export function referenceCall(call: MetricCall | undefined): MetricCall {
  const batchSizes = call?.referenceBatchSizes ?? call?.batchSizes;
  return { ...call, ...(batchSizes && { batchSizes }) };
}
