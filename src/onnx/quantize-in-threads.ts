import type { CalibrationMethod } from "../calibration/method.js";
import { configOf } from "../evaluation/genome-size.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { OnnxModel } from "./onnx-model.js";
import { quantizerOf, storedWeights } from "./plan-layers.js";
import type { QuantizedWeights } from "./quantize-layer.js";
import { TensorProto_DataType as DataType } from "./wire/onnx_pb.js";
import { inThreads, type ThreadOptions, threadCount } from "./workers/thread-pool.js";
import type { QuantizeTask } from "./workers/thread-worker.js";

/** Seconds that quantizing an element takes, roughly, by method; see docs/performance.md. */
const SECONDS: Readonly<Record<CalibrationMethod, number>> = {
  "min-max": 1e-8,
  percentile: 3e-8,
  mse: 4e-7,
  entropy: 4e-7,
};

/** Layers that take less are quantized on this thread: handing them over costs as much. */
const LEAST_SECONDS = 2e-3;

/**
 * Quantizes the weights of a model in threads, the layers that take long, each layer in one thread.
 * @returns the weights by layer; layers that are not in it are left to {@link quantizedModel}
 * @throws InvalidArgumentError for a number of threads out of range; what quantizing throws; the signal's reason
 */
export async function quantizeInThreads(
  model: OnnxModel,
  genome: QuantizationGenome,
  options: ThreadOptions,
): Promise<ReadonlyMap<string, QuantizedWeights>> {
  const stored = storedWeights(model.proto.graph!);
  const tasks: QuantizeTask[] = [];
  let seconds = 0;
  for (const [i, { weight }] of model.bindings.entries()) {
    const layer = model.layers[i]!;
    const config = configOf(genome, layer);
    const method = genome.calibrationMethodOf(layer.name);
    const cost = layer.parameterCount * SECONDS[method];
    const float16 = stored.get(weight)?.dataType === DataType.FLOAT16;
    if (config.weightBits === 32 || cost < LEAST_SECONDS) continue;
    if (quantizerOf(model).knows(layer, config, method, float16)) continue;
    seconds += cost;
    tasks.push({ layer, config: config.toDict(), method, float16 });
  }
  const threads = await threadCount(options, seconds);
  if (threads === 1 || tasks.length < 2) return new Map();
  const made = await inThreads<QuantizeTask, QuantizedWeights>("quantize", tasks, threads, options.signal);
  return new Map(made?.map((weights, i) => [tasks[i]!.layer.name, weights]));
}
