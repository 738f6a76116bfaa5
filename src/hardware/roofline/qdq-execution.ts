import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import {
  elementCount,
  LayerKind,
  type LayerSpec,
  type RegionSpec,
} from "../../model/layer-spec.js";
import type { ComputeFormat } from "../contract.js";

/** What lies between the layer that makes a value and those that read it. */
type Between = "nothing" | "integer" | "float";

/** An activation tensor. Layers with the same inputs read the same tensor. */
interface SharedTensor {
  /** The last layer that contributes to it. -1 for a graph input. */
  readonly origin: number;
  readonly readers: readonly number[];
  readonly elements: number;
  /** In which form the operators between compute with 8-bit activations around them. */
  readonly between: Between;
}

/** The readers of each tensor, as far as a runtime that fuses QDQ pairs needs them. */
export interface QdqWiring {
  readonly tensors: readonly SharedTensor[];
  /** For each layer, whether its integer kernel writes integers. */
  readonly writesIntegers: readonly boolean[];
  /** For each layer, whether the placement leaves it in float whatever its settings. */
  readonly staysFloat: readonly boolean[];
  /** For each layer, the elements of its output where no layer reads it, else 0. */
  readonly returned: readonly number[];
}

/** What a layer's settings require of the graph. */
export interface QdqRole {
  /** Whether the runtime has an integer kernel for these settings. */
  readonly integer: boolean;
  /** Format that the input is quantized to; float32 when it is not. */
  readonly format: ComputeFormat;
  /** A number for the bits and scheme that the input is quantized to; 0 when it is not. */
  readonly inputFormat: number;
  /**
   * Whether the input's QuantizeLinear also does the clamp before it. Only codes whose least value
   * stands for 0 do. Otherwise the clamp stays, and the earlier layer writes float.
   */
  readonly absorbsClamp: boolean;
}

/**
 * The role of a layer with these settings.
 * @param computeFormat as `resolveOperator` finds it
 */
export function qdqRole(
  layer: LayerSpec,
  config: LayerQuantConfig,
  computeFormat: ComputeFormat,
): QdqRole {
  const { activationBits, activationScheme } = config;
  const quantized = activationBits !== 32 && layer.kind !== LayerKind.EMBEDDING;
  const scheme = activationScheme === "asymmetric" ? 1 : activationScheme === "symmetric" ? 2 : 3;
  return {
    integer: quantized && computeFormat === "int8",
    format: quantized ? (activationBits === 16 ? "int16" : "int8") : "float32",
    inputFormat: quantized ? 4 * activationBits + scheme : 0,
    absorbsClamp: quantized && activationBits === 8 && activationScheme === "asymmetric",
  };
}

/** The QuantizeLinear of a layer's input. */
interface QuantizedInput {
  /** The layer that the tensor comes from. -1 for a graph input. */
  readonly from: number;
  /** Bytes read and written at batch 1. */
  readonly bytes: number;
}

/** How the runtime executes a genome. */
export interface QdqExecution {
  /** For each layer, 1 when it runs on integers. */
  readonly integer: Uint8Array;
  /**
   * For each layer, the number of QuantizeLinear and DequantizeLinear that run for it, and the
   * bytes that they read and write.
   */
  readonly operators: Uint16Array;
  readonly operatorBytes: Float64Array;
  /**
   * For each layer, the QuantizeLinear among them. Undefined when its input is not quantized, or
   * was for another reader.
   */
  readonly quantizedInputs: readonly (QuantizedInput | undefined)[];
}

/**
 * Finds the readers of each tensor. Several inputs mean an addition or a concatenation between, and
 * another size means a pool or the like: such operators compute as the region says that holds both
 * layers, in float where the model lists none. A layer without `inputs` reads the layer before it.
 */
export function qdqWiring(
  layers: readonly LayerSpec[],
  integerOutputs: readonly LayerKind[],
  regions: readonly RegionSpec[] = [],
): QdqWiring {
  const indexOf = new Map(layers.map(({ name }, index) => [name, index]));
  const regionsOf = new Map<string, RegionSpec[]>();
  for (const region of regions)
    for (const name of region.layers) regionsOf.set(name, [...(regionsOf.get(name) ?? []), region]);
  const betweenOf = (from: readonly number[], to: LayerSpec): Between => {
    const names = from.map((index) => layers[index]!.name);
    const region = regionsOf
      .get(to.name)
      ?.find((one) => names.some((name) => one.layers.includes(name)));
    return region?.automatic ?? "float";
  };
  const tensors = new Map<string, SharedTensor & { readonly readers: number[] }>();
  const read = new Set<number>();
  layers.forEach((layer, index) => {
    const before = index === 0 ? [] : [index - 1];
    const from = layer.inputs?.map((name) => indexOf.get(name) as number) ?? before;
    const elements = elementCount(layer.inputShape);
    for (const producer of from) read.add(producer);
    const only = from.length === 1 ? (from[0] as number) : -1;
    const { outputShape, followedBy } = layers[Math.max(only, 0)] as LayerSpec;
    const whole = only >= 0 && elementCount(outputShape) === elements && !followedBy?.length;
    // A graph may have several inputs, so layers that read one do not share a tensor.
    const key = from.length === 0 ? `input ${index}` : `${from.join()} ${layer.inputShape.join()}`;
    const known = tensors.get(key);
    if (known !== undefined) known.readers.push(index);
    else
      tensors.set(key, {
        origin: Math.max(-1, ...from),
        readers: [index],
        elements,
        between: whole || from.length === 0 ? "nothing" : betweenOf(from, layer),
      });
  });
  return {
    tensors: [...tensors.values()],
    writesIntegers: layers.map(({ kind }) => integerOutputs.includes(kind)),
    staysFloat: layers.map(isNarrowStem),
    returned: layers.map((layer, i) => (read.has(i) ? 0 : elementCount(layer.outputShape))),
  };
}

/**
 * A convolution of 1 to 3 input channels: its integer kernel is slower than the float one (measured
 * on ONNX Runtime 1.30: 0.15 to 0.7 times as fast), so the placement leaves it in float.
 */
function isNarrowStem({ kind, inputShape }: LayerSpec): boolean {
  return kind === LayerKind.CONV && inputShape.length >= 3 && (inputShape[1] ?? 0) <= 3;
}

/**
 * How ONNX Runtime executes the QDQ form that `quantizeOnnx` writes: a layer with 8-bit weights and
 * activations runs on integers, and what it makes stays in codes for the layers behind it, across
 * operators of a region that has integer kernels. Codes and floats are converted where one meets
 * the other: at inputs and outputs of the graph, around float regions, and at layers of another
 * format. Seen in optimized graphs of ONNX Runtime 1.30 (docs/latency-tables.md).
 *
 * A convolution behind which a clamp stays, as before symmetric activations, runs in float. A
 * tensor is converted once for all readers of one format.
 */
export function qdqExecution(
  { tensors, writesIntegers, staysFloat, returned }: QdqWiring,
  layers: readonly { readonly role: QdqRole }[],
): QdqExecution {
  const roles = layers.map(({ role }) => role);
  const count = roles.length;
  const integer = new Uint8Array(count);
  const operators = new Uint16Array(count);
  const operatorBytes = new Float64Array(count);
  const quantizedInputs = new Array<QuantizedInput | undefined>(count);
  const convert = (layer: number, elements: number) => {
    const bytes = 5 * elements;
    operators[layer]!++;
    operatorBytes[layer]! += bytes;
    return bytes;
  };
  roles.forEach((role, i) => {
    const fuses = writesIntegers[i] !== true || role.absorbsClamp;
    if (role.integer && fuses && staysFloat[i] !== true) integer[i] = 1;
  });
  // Codes leave a layer only where its kernel writes them; others (a product of matrices) give
  // floats, which the next reader rounds.
  const writes = (layer: number) => integer[layer] === 1 && writesIntegers[layer] === true;
  for (const { origin, readers, elements, between } of tensors) {
    const codes = origin >= 0 && writes(origin) && between !== "float";
    const made = new Set<number>();
    if (codes) made.add((roles[origin] as QdqRole).inputFormat);
    if (origin >= 0 && writes(origin) && !codes) convert(readers[0] as number, elements);
    for (const reader of readers) {
      const { inputFormat } = roles[reader] as QdqRole;
      const takes = integer[reader] === 1 || (inputFormat !== 0 && staysFloat[reader] !== true);
      if (!takes) {
        if (codes) convert(reader, elements);
        continue;
      }
      if (!made.has(inputFormat))
        quantizedInputs[reader] = { from: origin, bytes: convert(reader, elements) };
      made.add(inputFormat);
      if (integer[reader] !== 1) convert(reader, elements);
    }
  }
  for (const [i, elements] of returned.entries())
    if (elements > 0 && writes(i)) convert(i, elements);
  return { integer, operators, operatorBytes, quantizedInputs };
}
