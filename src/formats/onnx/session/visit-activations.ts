import { create } from "@bufbuild/protobuf";
import { quoteName } from "../../../check/quote-name.js";
import { UnsupportedError } from "../../../errors.js";
import type { Batch, TensorArray, TensorData } from "../../../measure/batches/tensor-data.js";
import { decodeFloat16 } from "../../../numeric/float16.js";
import { inMemory } from "../external/model-files.js";
import { copyMessage } from "../opset/copy-graph.js";
import type { OnnxModel } from "../read/onnx-model.js";
import {
  TensorProto_DataType as DataType,
  type ModelProto,
  ValueInfoProtoSchema,
} from "../wire/onnx_pb.js";
import { type RuntimeChoice, runtimeChoice } from "./import-runtime.js";
import { loadOnnxRuntime, type RuntimeTensor } from "./ort-session.js";
import { runtimeTypeName } from "./runtime-types.js";

/** How activations are collected. */
export interface VisitActivationsOptions extends RuntimeChoice {
  /** Stops between batches. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes the runtime that the float model is run in. */
export type LoadRuntime = typeof loadOnnxRuntime;

const FLOAT_TYPES = [DataType.FLOAT, DataType.FLOAT16, DataType.DOUBLE];

/**
 * Runs the float model over checked batches once, and shows the tensors of these names, batch by
 * batch: those that are graph inputs first. Optimization level `basic`, one thread:
 * what is seen does not depend on how genomes are measured.
 * @param loadRuntime default: of this process
 * @throws MissingDependencyError without onnxruntime-node; EvaluationError when the model does not
 *   run; UnsupportedError for activations that are no floats; the signal's reason once aborted
 */
export async function visitActivations(
  model: OnnxModel,
  batches: readonly Batch[],
  options: VisitActivationsOptions,
  names: ReadonlySet<string>,
  visit: (name: string, elementType: number, tensor: TensorData) => void,
  loadRuntime: LoadRuntime = loadOnnxRuntime,
): Promise<void> {
  const inputs = model.inputs.filter(({ name }) => names.has(name));
  const computed = [...names].filter((name) => !inputs.some((input) => input.name === name));
  for (const { name, elementType } of inputs)
    for (const batch of batches) visit(name, elementType, batch[name]!);
  if (computed.length === 0) return;
  const runtime = await loadRuntime({
    ...runtimeChoice(options),
    graphOptimizationLevel: "basic",
  });
  const session = await runtime.open(inMemory(withOutputs(model, computed)));
  try {
    for (const batch of batches) {
      options.signal?.throwIfAborted();
      const results = await session.run(runtime.feeds(model.inputs, batch), computed);
      for (const [name, tensor] of results) visit(name, elementTypeOf(name, tensor), tensor);
    }
  } finally {
    await session.release();
  }
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
  const message =
    `activation ${quoteName(name)} is of type ${type}; float32, float16 and double can be ` +
    "quantized";
  throw new UnsupportedError(name, message);
}

/** The elements of a tensor of floats as float32. */
export function toFloat32(data: TensorArray): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array) return decodeFloat16(data);
  return Float32Array.from(data as Float64Array);
}
