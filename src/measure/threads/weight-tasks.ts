import { isBuiltInMethod } from "../../calibration/method-registry.js";
import type { Placement } from "../../deploy/placement.js";
import { configOf } from "../../evaluation/genome-size.js";
import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import type { IntegerBits } from "../../quantization/index.js";
import { inThreads, type ThreadOptions, threadCount } from "./thread-pool.js";
import type { WeightTask } from "./thread-worker.js";

/**
 * Seconds that calibrating and quantizing an element takes, roughly, by method; see
 * docs/performance.md.
 */
const SECONDS: Readonly<Record<string, number>> = {
  "min-max": 1e-8,
  percentile: 3e-8,
};

/** Seconds of the methods that search for a range. */
const SEARCH_SECONDS = 4e-7;

/** Layers that take less are done on this thread: handing them over costs as much. */
const LEAST_SECONDS = 2e-3;

/**
 * The layers of a model whose weights a genome quantizes, in model order.
 * @param widths of the integers that codes are packed in, ascending
 */
export function weightTasks(
  { layers }: Pick<ModelSpec, "layers">,
  { weights }: Placement,
  genome: QuantizationGenome,
  widths: readonly IntegerBits[],
): WeightTask[] {
  return weights.flatMap(({ floatType }, i): WeightTask[] => {
    const layer = layers[i]!;
    const config = configOf(genome, layer);
    if (config.weightBits === 32) return [];
    const method = genome.calibrationMethodOf(layer.name);
    return [{ layer, config: config.toDict(), method, widths, float16: floatType === "float16" }];
  });
}

/**
 * Does those tasks in threads that take long, each in one thread, where threads pay or are asked
 * for.
 * @param name the function of `thread-worker.ts` that does a task
 * @returns what came out, by layer; the other layers are left to the caller
 * @throws InvalidArgumentError for a number of threads out of range; what the function throws; the
 *   signal's reason
 */
export async function longTasksInThreads<R>(
  name: string,
  tasks: readonly WeightTask[],
  options: ThreadOptions,
): Promise<ReadonlyMap<string, R>> {
  const costOf = ({ layer, method }: WeightTask) =>
    layer.parameterCount * (SECONDS[method] ?? SEARCH_SECONDS);
  // Custom calibration methods are known on this thread alone.
  const long = tasks.filter(
    (task) => isBuiltInMethod(task.method) && costOf(task) >= LEAST_SECONDS,
  );
  const threads = await threadCount(
    options,
    long.reduce((sum, task) => sum + costOf(task), 0),
  );
  if (threads === 1 || long.length < 2) return new Map();
  const made = await inThreads<WeightTask, R>(name, long, threads, options.signal);
  return new Map(made?.map((result, i) => [long[i]!.layer.name, result]));
}
