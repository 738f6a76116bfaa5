import { create } from "@bufbuild/protobuf";
import { UnsupportedError } from "../errors.js";
import { decodeFloat16 } from "../numeric/float16.js";
import { ActivationRanges, type ObservedTensor, observeTensor } from "./activation-ranges.js";
import { checkModel, checkOptions } from "./check-arguments.js";
import { checkBatches, runtimeTypeName } from "./check-batches.js";
import { encodeModel } from "./encode-model.js";
import type { OnnxModel } from "./onnx-model.js";
import { copyMessage } from "./opset/copy-graph.js";
import { loadOnnxRuntime, type OnnxSessionOptions, type RuntimeTensor } from "./ort-session.js";
import type { Batch, TensorArray } from "./tensor-data.js";
import { quoteName } from "./tensor-values.js";
import { TensorProto_DataType as DataType, type ModelProto, ValueInfoProtoSchema } from "./wire/onnx_pb.js";

/** Options of {@link calibrateActivations}. */
export interface CalibrateActivationsOptions {
  /** Loads the module `onnxruntime-node`. Default: `import("onnxruntime-node")`. */
  readonly importRuntime?: OnnxSessionOptions["importRuntime"];
  /** Stops between batches. */
  readonly signal?: AbortSignal | undefined;
}

const FLOAT_TYPES = [DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE];

/**
 * Runs the float model over calibration data once and observes every activation that goes into a layer. The
 * result serves all genomes of the model, and does not depend on how they are measured: the float model runs at
 * optimization level `basic` on one thread. Memory: the activations of one batch, and a histogram for each tensor.
 * @param calibration batches, 1 or more; a few hundred samples are enough as a rule
 * @throws InvalidArgumentError for what is no model or known option; InvalidDataError for batches that do not fit the model, and for activations that are NaN or infinite
 *   (names the tensor); MissingDependencyError without onnxruntime-node; EvaluationError when the model does not
 *   run; UnsupportedError for activations that are no floats; the signal's reason once aborted
 */
export async function calibrateActivations(
  model: OnnxModel,
  calibration: readonly Batch[],
  options: CalibrateActivationsOptions = {},
): Promise<ActivationRanges> {
  checkModel(model);
  checkOptions(options, ["importRuntime", "signal"]);
  checkBatches(model, calibration, "calibration");
  options.signal?.throwIfAborted();
  const names = activationNames(model);
  const inputs = model.inputs.filter(({ name }) => names.has(name));
  const computed = [...names].filter((name) => !inputs.some((input) => input.name === name));
  const tensors = new Map<string, ObservedTensor>();
  const observe = (name: string, elementType: number, data: TensorArray) => {
    let observed = tensors.get(name);
    if (observed === undefined) {
      observed = observeTensor(name, elementType);
      tensors.set(name, observed);
    }
    observed.observer.observe(toFloat32(data));
  };
  for (const { name, elementType } of inputs)
    for (const batch of calibration) observe(name, elementType, batch[name]!.data);
  if (computed.length > 0) {
    const runtime = await loadOnnxRuntime({
      importRuntime: options.importRuntime,
      graphOptimizationLevel: "basic",
    });
    const session = await runtime.open(encodeModel(withOutputs(model, computed)));
    try {
      for (const batch of calibration) {
        options.signal?.throwIfAborted();
        const results = await session.run(runtime.feeds(model.inputs, batch), computed);
        for (const [name, tensor] of results) observe(name, elementTypeOf(name, tensor), tensor.data);
      }
    } finally {
      await session.release();
    }
  }
  return new ActivationRanges(tensors);
}

/** The activation operands of all layers. */
export function activationNames(model: OnnxModel): ReadonlySet<string> {
  const nodes = model.proto.graph?.node ?? [];
  const names = new Set<string>();
  for (const { uses } of model.bindings)
    for (const { node, activationInput } of uses)
      if (activationInput >= 0) names.add(nodes[node]!.input[activationInput]!);
  return names;
}

/** The model with more tensors among its outputs; ONNX Runtime infers their types itself. */
function withOutputs(model: OnnxModel, names: readonly string[]): ModelProto {
  const proto = copyMessage(model.proto);
  const graph = copyMessage(model.proto.graph!);
  const known = new Set(graph.output.map(({ name }) => name));
  const added = names.filter((name) => !known.has(name));
  graph.output = [...graph.output, ...added.map((name) => create(ValueInfoProtoSchema, { name }))];
  proto.graph = graph;
  return proto;
}

function elementTypeOf(name: string, { type }: RuntimeTensor): number {
  const found = FLOAT_TYPES.find((dataType) => runtimeTypeName(dataType) === type);
  if (found !== undefined) return found;
  const message = `activation ${quoteName(name)} is of type ${type}; float32, float16 and double can be quantized`;
  throw new UnsupportedError(name, message);
}

function toFloat32(data: TensorArray): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array) return decodeFloat16(data);
  return Float32Array.from(data as Float64Array);
}
