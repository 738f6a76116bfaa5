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
  const { signal, runtime, importRuntime, activationRanges } = options as Record<string, unknown>;
  checkSignal(signal);
  checkRuntimeChoice({ runtime, importRuntime });
  if (activationRanges !== undefined && !(activationRanges instanceof ActivationRanges))
    throw new InvalidArgumentError(
      "activationRanges",
      `activationRanges is ${describeValue(activationRanges)}; allowed: what ` +
        "calibrateActivations returns",
    );
}

/** What says which ONNX Runtime to load, not checked yet. */
interface UncheckedChoice {
  readonly runtime?: unknown;
  readonly importRuntime?: unknown;
}

/** @throws InvalidArgumentError unless `runtime` is known and `importRuntime` a function */
export function checkRuntimeChoice({ runtime, importRuntime }: UncheckedChoice): void {
  if (runtime !== undefined && runtime !== "node" && runtime !== "web")
    throw new InvalidArgumentError(
      "runtime",
      `runtime is ${describeValue(runtime)}; allowed: node, web`,
    );
  if (importRuntime !== undefined && typeof importRuntime !== "function")
    throw new InvalidArgumentError(
      "importRuntime",
      `importRuntime is ${describeValue(importRuntime)}; allowed: a function, such as () => ` +
        `import("onnxruntime-node")`,
    );
}
