import * as ort from "onnxruntime-node";
import type { OnnxModel } from "../../../src/formats/onnx/read/onnx-model.js";
import type { GraphOptimizationLevel } from "../../../src/formats/onnx/session/ort-session.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import type { Batch } from "../../../src/measure/batches/tensor-data.js";

/**
 * Runs a model in plain onnxruntime-node, as somebody without this library would; its first output
 * as numbers.
 */
export async function runModel(
  bytes: Uint8Array,
  inputs: Batch,
  graphOptimizationLevel: GraphOptimizationLevel = "all",
): Promise<number[]> {
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel,
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, dims }]) => [
      name,
      data instanceof BigInt64Array
        ? new ort.Tensor("int64", data, dims)
        : data instanceof Int32Array
          ? new ort.Tensor("int32", data, dims)
          : data instanceof Uint8Array
            ? new ort.Tensor("bool", data, dims)
            : new ort.Tensor("float32", data as Float32Array, dims),
    ]),
  );
  const results = await session.run(feeds);
  const found = Array.from(results[session.outputNames[0] as string]?.data as Float32Array, Number);
  await session.release();
  return found;
}

/** The same settings for all layers of a model. */
export function uniform(
  model: OnnxModel,
  fields: Partial<LayerQuantConfigFields>,
): QuantizationGenome {
  const config = new LayerQuantConfig(fields);
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map(({ name }) => [name, config])),
    calibrationMethod: "mse",
  });
}

/** Greatest difference of two lists over the greatest magnitude of the second. */
export function relativeDifference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  let greatest = 0;
  a.forEach((x, i) => {
    const difference = Math.abs(x - (b[i] ?? Number.NaN));
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
    greatest = Math.max(greatest, Math.abs(b[i] ?? 0));
  });
  return worst / greatest;
}
