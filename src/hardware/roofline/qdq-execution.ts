import type { LayerQuantConfig } from "../../genome/layer-quant-config.js";
import { elementCount, LayerKind, type LayerSpec } from "../../model/layer-spec.js";
import type { ComputeFormat } from "../contract.js";

/** An activation tensor that layers read: layers with the same inputs read the same one. */
interface SharedTensor {
  /**
   * The layer whose output it is, unchanged; -1 for a graph input, and where an operator lies
   * between.
   */
  readonly producer: number;
  /** The last layer that it comes from, by whatever way; -1 for a graph input. */
  readonly origin: number;
  readonly readers: readonly number[];
  readonly elements: number;
}

/** Who reads what in a model, as far as a runtime that fuses QDQ pairs cares. */
export interface QdqWiring {
  readonly tensors: readonly SharedTensor[];
  /**
   * Per layer: who reads its output as it is. Empty when an operator (an addition, a pool) reads it
   * too.
   */
  readonly directReaders: readonly (readonly number[])[];
  /** Per layer: its integer kernel writes integers. */
  readonly writesIntegers: readonly boolean[];
  readonly parameterCounts: readonly number[];
  /** Per layer: a lookup, which dequantizes what it looks up. */
  readonly lookups: readonly boolean[];
}

/** What a layer's settings ask of the graph. */
export interface QdqRole {
  /** The runtime has an integer kernel for these settings. */
  readonly integer: boolean;
  /** What the input is quantized to; float32 when it is not. */
  readonly format: ComputeFormat;
  /** Format that the input is quantized to, told apart by bits and scheme; 0 when it is not. */
  readonly inputFormat: number;
  /**
   * The input's QuantizeLinear also does the clamp before it: only codes whose least one stands for
   * 0 do. Elsewhere the clamp stays between the layers, and the layer before writes float.
   */
  readonly absorbsClamp: boolean;
  /** The weights are stored as integers. */
  readonly quantizedWeights: boolean;
}

/** The role of a layer with these settings. @param computeFormat as `resolveOperator` finds it */
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
  /** The layer that the tensor comes from; -1 for a graph input. */
  readonly from: number;
  /** Bytes read and written at batch 1. */
  readonly bytes: number;
}

/** What the runtime makes of a genome. */
export interface QdqExecution {
  /** Per layer: 1 when it runs on integers. */
  readonly integer: Uint8Array;
  /**
   * Per layer: how many QuantizeLinear and DequantizeLinear run for it, and the bytes that they
   * read and write.
   */
  readonly operators: Uint16Array;
  readonly operatorBytes: Float64Array;
  /**
   * Per layer: the QuantizeLinear among them; undefined when its input is not quantized, or was for
   * another reader.
   */
  readonly quantizedInputs: readonly (QuantizedInput | undefined)[];
}

/**
 * Finds out who reads what. Several inputs mean an addition or a concatenation between, and another
 * size means a pool or the like; these compute in float. A layer without `inputs` reads the layer
 * before it.
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
    // A graph may have several inputs; their layers do not share one.
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
 * What a runtime does with a model in the QDQ form that `quantizeOnnx` writes, where layers take
 * quantized inputs and give float outputs. A layer whose integer kernel writes integers (a
 * convolution in ONNX Runtime: QLinearConv) runs on integers only when all that read its output
 * quantize it at once; otherwise its operands are dequantized first, at every inference, and it
 * runs in float. Other layers read integers and write float (MatMulIntegerToFloat), or take packed
 * weights beside a float input (MatMulNBits). A tensor is quantized once for all readers of one
 * format and dequantized for each. Seen in profiles of ONNX Runtime 1.30 (docs/latency-tables.md).
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
    // Packed weights beside a float input have kernels of their own, save in convolutions.
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
