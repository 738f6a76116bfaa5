import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { elementCount, LayerKind, type LayerSpec } from "../../model/layer-spec.js";
import type { ComputeFormat } from "../contract.js";

/** An activation tensor. Layers with the same inputs read the same tensor. */
interface SharedTensor {
  /**
   * The layer whose unchanged output it is. -1 for a graph input, and where an operator lies
   * between.
   */
  readonly producer: number;
  /** The last layer that contributes to it. -1 for a graph input. */
  readonly origin: number;
  readonly readers: readonly number[];
  readonly elements: number;
}

/** The readers of each tensor, as far as a runtime that fuses QDQ pairs needs them. */
export interface QdqWiring {
  readonly tensors: readonly SharedTensor[];
  /**
   * For each layer, the readers of its unchanged output. Empty when an operator (an addition, a
   * pool) also reads it.
   */
  readonly directReaders: readonly (readonly number[])[];
  /** For each layer, whether its integer kernel writes integers. */
  readonly writesIntegers: readonly boolean[];
  readonly parameterCounts: readonly number[];
  /** For each layer, whether it is a lookup, which dequantizes the rows that it reads. */
  readonly lookups: readonly boolean[];
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
  /** Whether the weights are stored as integers. */
  readonly quantizedWeights: boolean;
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
  const { activationBits, activationScheme, weightBits } = config;
  const quantized = activationBits !== 32 && layer.kind !== LayerKind.EMBEDDING;
  const scheme = activationScheme === "asymmetric" ? 1 : activationScheme === "symmetric" ? 2 : 3;
  return {
    integer: quantized && computeFormat === "int8",
    format: quantized ? (activationBits === 16 ? "int16" : "int8") : "float32",
    inputFormat: quantized ? 4 * activationBits + scheme : 0,
    absorbsClamp: quantized && activationBits === 8 && activationScheme === "asymmetric",
    quantizedWeights: weightBits !== 32 && layer.parameterCount > 0,
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
 * another size means a pool or the like. These operators compute in float. A layer without `inputs`
 * reads the layer before it.
 */
export function qdqWiring(
  layers: readonly LayerSpec[],
  integerOutputs: readonly LayerKind[],
): QdqWiring {
  const indexOf = new Map(layers.map(({ name }, index) => [name, index]));
  const tensors = new Map<string, SharedTensor & { readonly readers: number[] }>();
  const readers: number[][] = layers.map(() => []);
  const indirect = new Set<number>();
  layers.forEach((layer, index) => {
    const before = index === 0 ? [] : [index - 1];
    const from = layer.inputs?.map((name) => indexOf.get(name) as number) ?? before;
    const elements = elementCount(layer.inputShape);
    const only = from.length === 1 ? (from[0] as number) : -1;
    const { outputShape, followedBy } = layers[Math.max(only, 0)] as LayerSpec;
    const whole = only >= 0 && elementCount(outputShape) === elements && !followedBy?.length;
    // A graph may have several inputs, so layers that read one do not share a tensor.
    const key = from.length === 0 ? `input ${index}` : `${from.join()} ${layer.inputShape.join()}`;
    const known = tensors.get(key);
    if (known !== undefined) known.readers.push(index);
    else
      tensors.set(key, {
        producer: whole ? only : -1,
        origin: Math.max(-1, ...from),
        readers: [index],
        elements,
      });
    for (const producer of from)
      if (whole) (readers[producer] as number[]).push(index);
      else indirect.add(producer);
  });
  return {
    tensors: [...tensors.values()],
    directReaders: readers.map((list, index) => (indirect.has(index) ? [] : list)),
    writesIntegers: layers.map(({ kind }) => integerOutputs.includes(kind)),
    parameterCounts: layers.map(({ parameterCount }) => parameterCount),
    lookups: layers.map(({ kind }) => kind === LayerKind.EMBEDDING),
  };
}

/**
 * How a runtime executes the QDQ form that `quantizeOnnx` writes, in which layers take quantized
 * inputs and give float outputs. Seen in profiles of ONNX Runtime 1.30 (docs/latency-tables.md).
 *
 * In ONNX Runtime the integer kernel of a convolution (QLinearConv) writes integers. Such a layer
 * runs on integers only when every reader of its output quantizes it at once. Otherwise its
 * operands are dequantized at every inference, and it runs in float.
 *
 * Other layers read integers and write float (MatMulIntegerToFloat), or take packed weights beside
 * a float input (MatMulNBits). A tensor is quantized once for all readers of one format, and
 * dequantized for each.
 */
export function qdqExecution(
  { tensors, directReaders, writesIntegers, parameterCounts, lookups }: QdqWiring,
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
    const readers = directReaders[i] as readonly number[];
    const first = roles[readers[0] ?? -1];
    const written =
      first !== undefined &&
      readers.every((reader) => {
        const other = roles[reader] as QdqRole;
        return other.absorbsClamp && other.inputFormat === first.inputFormat;
      });
    if (role.integer && (writesIntegers[i] !== true || written)) integer[i] = 1;
    // Packed weights beside a float input have kernels of their own, except in convolutions.
    const unpacked = role.inputFormat !== 0 || writesIntegers[i] === true;
    if (integer[i] !== 1 && role.quantizedWeights && unpacked && lookups[i] !== true)
      convert(i, parameterCounts[i] as number);
  });
  for (const { producer, origin, readers, elements } of tensors) {
    const made = new Set<number>();
    if (producer >= 0 && integer[producer] === 1 && writesIntegers[producer] === true)
      made.add((roles[readers[0] as number] as QdqRole).inputFormat);
    for (const reader of readers) {
      const { inputFormat } = roles[reader] as QdqRole;
      if (inputFormat === 0) continue;
      if (!made.has(inputFormat))
        quantizedInputs[reader] = { from: origin, bytes: convert(reader, elements) };
      made.add(inputFormat);
      if (integer[reader] !== 1) convert(reader, elements);
    }
  }
  return { integer, operators, operatorBytes, quantizedInputs };
}
