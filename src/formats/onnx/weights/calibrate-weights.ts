import { checkGenomeLayers } from "../../../deploy/check-genome-layers.js";
import { type CalibratedWeights, calibrateLayer } from "../../../deploy/quantize-layer.js";
import { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { checkGenome, type QuantizationGenome } from "../../../genome/quantization-genome.js";
import type { ThreadOptions } from "../../../measure/threads/thread-pool.js";
import { longTasksInThreads, weightTasks } from "../../../measure/threads/weight-tasks.js";
import type { QuantizationParams } from "../../../quantization/index.js";
import { checkModel, checkOptions } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { placementOf } from "../write/place-tensors.js";
import { ONNX_WIDTHS } from "../write/storage-type.js";

/**
 * Scales and zero points of all weights of a model, those that `quantizeOnnx` writes, its layers
 * side by side in threads.
 * @returns by layer, in model order, over the shape of its `weightLayout`; layers that stay in
 *   float32 are left out
 * @throws InvalidArgumentError for what is no model, genome or known option, a genome of another
 *   model, or a number of threads out of range; the signal's reason
 */
export async function calibrateWeights(
  model: OnnxModel,
  genome: QuantizationGenome,
  options: ThreadOptions = {},
): Promise<ReadonlyMap<string, QuantizationParams>> {
  checkModel(model);
  checkGenome(genome, "genome");
  checkOptions(options, ["signal", "threads"]);
  checkGenomeLayers(model, genome);
  const tasks = weightTasks(model, placementOf(model), genome, ONNX_WIDTHS.weights);
  const ready = await longTasksInThreads<CalibratedWeights>("calibrate", tasks, options);
  return new Map(
    tasks.map(({ layer, config, method, float16 }) => {
      options.signal?.throwIfAborted();
      const { params } =
        ready.get(layer.name) ??
        calibrateLayer(layer, LayerQuantConfig.fromDict(config), method, float16);
      return [layer.name, params];
    }),
  );
}
