import { checkSignal } from "../../async/check-signal.js";
import { checkFields, describeNonRecord, isRecord } from "../../check/check-fields.js";
import { InvalidArgumentError } from "../../errors.js";
import { ActivationRanges } from "./activations/activation-ranges.js";
import type { Metric, MetricOptions } from "./metrics/metric.js";
import type { OnnxModel } from "./read/onnx-model.js";

/** What an argument is, for a message. */
export function describeArgument(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return `the function ${value.name || "without a name"}`;
  return isRecord(value) ? "another object" : describeNonRecord(value);
}

/** @throws InvalidArgumentError (path `model`) unless the value is a model from `loadOnnxModel` */
export function checkModel(value: unknown): asserts value is OnnxModel {
  const { layers, bindings, inputs, outputs, proto, bytes } = (value ?? {}) as Partial<OnnxModel>;
  const lists = [layers, bindings, inputs, outputs];
  if (lists.every((list) => Array.isArray(list)) && isRecord(proto) && ArrayBuffer.isView(bytes))
    return;
  throw new InvalidArgumentError(
    "model",
    `model is ${describeArgument(value)}; allowed: an OnnxModel; load it with ` +
      "loadOnnxModel(pathOrBytes)",
  );
}

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
    `metric is ${describeArgument(value)}; allowed: what topOneAccuracy(labels), ` +
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
      `output is ${describeArgument(output)}; allowed: the name of an output of the model`,
    );
}

/**
 * Checks an options object: its field names, and those fields that several functions share.
 * @throws InvalidArgumentError naming the field
 */
export function checkOptions(options: object, allowed: readonly string[]): void {
  checkFields(options, "options", allowed);
  const { signal, importRuntime, activationRanges } = options as Record<string, unknown>;
  checkSignal(signal);
  checkImportRuntime(importRuntime);
  if (activationRanges !== undefined && !(activationRanges instanceof ActivationRanges))
    throw new InvalidArgumentError(
      "activationRanges",
      `activationRanges is ${describeArgument(activationRanges)}; allowed: what ` +
        "calibrateActivations returns",
    );
}

/** @throws InvalidArgumentError unless the value is a function or undefined */
export function checkImportRuntime(value: unknown): void {
  if (value !== undefined && typeof value !== "function")
    throw new InvalidArgumentError(
      "importRuntime",
      `importRuntime is ${describeArgument(value)}; allowed: a function, such as () => ` +
        `import("onnxruntime-node")`,
    );
}
