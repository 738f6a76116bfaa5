import { describeValue } from "../../../check/describe-value.js";
import { quoteName } from "../../../check/quote-name.js";
import { InvalidArgumentError } from "../../../errors.js";
import type { Metric } from "../../../measure/metrics/metric.js";
import type { GraphValue, OnnxModel } from "../read/onnx-model.js";
import { runtimeTypeName } from "./runtime-types.js";

/**
 * The outputs that a metric reads, in the order of the model, and notes on those that it does not.
 * Sequences, maps and texts are no tensors of numbers, and are read by no metric that does not name
 * them.
 * @throws InvalidArgumentError (path `metric.outputs`) for a name that the model does not have, or
 *   when there is nothing to read
 */
export function judgedOutputs(
  { outputs: declared }: Pick<OnnxModel, "outputs">,
  metric: Metric,
): { outputs: readonly string[]; notes: readonly string[] } {
  const wanted = wantedOutputs(declared, metric);
  const outputs = declared.map(({ name }) => name).filter((name) => wanted.includes(name));
  const unjudged = declared.filter(({ name }) => !outputs.includes(name));
  return {
    outputs,
    notes: unjudged.map((value) => {
      const why = isNumeric(value) ? "" : ", which is no tensor of numbers,";
      return `output ${quoteName(value.name)}${why} is not judged by metric ${metric.name}`;
    }),
  };
}

function wantedOutputs(declared: readonly GraphValue[], { outputs }: Metric): readonly string[] {
  const numeric = declared.filter(isNumeric).map(({ name }) => name);
  const refuse = (found: string): never => {
    const allowed = declared.map(({ name }) => quoteName(name)).join(", ");
    throw new InvalidArgumentError("metric.outputs", `${found}; allowed: ${allowed}`);
  };
  if (outputs === undefined)
    return numeric.length > 0 ? numeric : refuse("the model has no output of numbers");
  if (outputs === "first") return declared.slice(0, 1).map(({ name }) => name);
  if (!Array.isArray(outputs) || outputs.length === 0)
    return refuse(`metric.outputs is ${describeValue(outputs)}`);
  const unknown = outputs.find((name) => !declared.some((value) => value.name === name));
  if (unknown !== undefined)
    return refuse(`the model has no output ${quoteName(String(unknown))}, which the metric reads`);
  return outputs;
}

function isNumeric({ elementType }: GraphValue): boolean {
  return runtimeTypeName(elementType) !== undefined;
}
