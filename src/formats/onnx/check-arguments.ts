import { checkSignal } from "../../async/check-signal.js";
import { checkFields, isRecord } from "../../check/check-fields.js";
import { describeValue } from "../../check/describe-value.js";
import { InvalidArgumentError } from "../../errors.js";
import type { OnnxModel } from "./read/onnx-model.js";
import { ActivationRanges } from "./write/activation-ranges.js";

/** @throws InvalidArgumentError (path `model`) unless the value is a model from `loadOnnxModel` */
export function checkModel(value: unknown): asserts value is OnnxModel {
  const { layers, bindings, inputs, outputs, proto, bytes } = (value ?? {}) as Partial<OnnxModel>;
  const lists = [layers, bindings, inputs, outputs];
  if (lists.every((list) => Array.isArray(list)) && isRecord(proto) && ArrayBuffer.isView(bytes))
    return;
  throw new InvalidArgumentError(
    "model",
    `model is ${describeValue(value)}; allowed: an OnnxModel; load it with ` +
      "loadOnnxModel(pathOrBytes)",
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
      `activationRanges is ${describeValue(activationRanges)}; allowed: what ` +
        "calibrateActivations returns",
    );
}

/** @throws InvalidArgumentError unless the value is a function or undefined */
export function checkImportRuntime(value: unknown): void {
  if (value !== undefined && typeof value !== "function")
    throw new InvalidArgumentError(
      "importRuntime",
      `importRuntime is ${describeValue(value)}; allowed: a function, such as () => ` +
        `import("onnxruntime-node")`,
    );
}
