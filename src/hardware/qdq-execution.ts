import { elementCount, type LayerSpec } from "../model/layer-spec.js";

/** An activation tensor that layers read: layers with the same inputs read the same one. */
interface SharedTensor {
  /** The layer whose output it is, unchanged; -1 for a graph input, and where an operator lies between. */
  readonly producer: number;
  readonly readers: readonly number[];
  readonly elements: number;
}

/** Who reads what in a model, as far as a runtime that fuses QDQ pairs cares. */
export interface QdqWiring {
  readonly tensors: readonly SharedTensor[];
  /** Per layer: the layers that read its output as it is. Empty when an operator or another kind of reader is among them. */
  readonly directReaders: readonly (readonly number[])[];
}

/** What the runtime makes of a genome. */
export interface QdqExecution {
  /** Per layer: 1 when it runs on integers. */
  readonly integer: Uint8Array;
  /** Per layer: conversions (QuantizeLinear, DequantizeLinear, changes of layout) before it. */
  readonly conversions: Uint16Array;
  /** Per layer: bytes that these read and write. */
  readonly convertedBytes: Float64Array;
}

/** Finds out who reads what. Several inputs mean an addition or a concatenation between, which computes in float. */
export function qdqWiring(
  layers: readonly LayerSpec[],
  producers: readonly (readonly number[])[],
): QdqWiring {
  const tensors = new Map<string, { producer: number; readers: number[]; elements: number }>();
  const readers: number[][] = layers.map(() => []);
  const indirect = new Set<number>();
  layers.forEach((layer, index) => {
    const from = producers[index] as readonly number[];
    const elements = elementCount(layer.inputShape);
    const only = from.length === 1 ? (from[0] as number) : -1;
    const whole = only >= 0 && elementCount((layers[only] as LayerSpec).outputShape) === elements;
    const key = `${from.join()} ${layer.inputShape.join()}`;
    const known = tensors.get(key);
    if (known === undefined) tensors.set(key, { producer: whole ? only : -1, readers: [index], elements });
    else known.readers.push(index);
    for (const producer of from)
      if (whole) (readers[producer] as number[]).push(index);
      else indirect.add(producer);
  });
  return {
    tensors: [...tensors.values()],
    directReaders: readers.map((list, index) => (indirect.has(index) ? [] : list)),
  };
}

/**
 * What a runtime does with a model in QDQ form whose layers take quantized inputs and give float outputs. A layer
 * that must write integers (a convolution in ONNX Runtime: QLinearConv) runs on them only when all that read its
 * output take it quantized; otherwise its operands are dequantized first and it runs in float. Other layers read
 * integers and write float (MatMulIntegerToFloat). Seen in profiles of ONNX Runtime 1.30.
 * @param wantsInteger per layer: its weights and its input are quantized
 * @param writesIntegers per layer: its integer kernel has integer outputs
 * @param floatBytes bytes of a float activation
 */
export function qdqExecution(
  { tensors, directReaders }: QdqWiring,
  wantsInteger: readonly boolean[],
  writesIntegers: readonly boolean[],
  floatBytes = 4,
): QdqExecution {
  const count = wantsInteger.length;
  const integer = new Uint8Array(count);
  const conversions = new Uint16Array(count);
  const convertedBytes = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    if (wantsInteger[i] !== true) continue;
    const readers = directReaders[i] as readonly number[];
    const written = readers.length > 0 && readers.every((reader) => wantsInteger[reader]);
    if (writesIntegers[i] !== true || written) integer[i] = 1;
  }
  const convert = (layer: number, elements: number, bytesEach: number) => {
    conversions[layer]!++;
    convertedBytes[layer]! += elements * bytesEach;
  };
  for (const { producer, readers, elements } of tensors) {
    const writes = producer >= 0 && integer[producer] === 1 && writesIntegers[producer] === true;
    let quantized = writes;
    for (const reader of readers) {
      const runs = integer[reader] === 1;
      if (wantsInteger[reader] === true) {
        if (!quantized) convert(reader, elements, floatBytes + 1);
        quantized = true;
        if (!runs) convert(reader, elements, floatBytes + 1);
      }
      // Integer convolutions lay channels last, float ones in blocks.
      if (writesIntegers[reader] === true && runs !== writes && (runs || writes))
        convert(reader, elements, 2);
    }
  }
  return { integer, conversions, convertedBytes };
}
