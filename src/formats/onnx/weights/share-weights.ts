import type { LayerSpec } from "../../../model/layer-spec.js";
import { TensorArena } from "../../../simd/tensor-arena.js";
import { checkModel } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";

/** Most bytes of an arena; a larger model has several. */
const ARENA_BYTES = 2 ** 31;
const ALIGNMENT = 64;

/**
 * The model with its weights put into shared memory, once: kernels work on them in place, and so do
 * the threads of `computeNoiseTable`, `calibrateWeights` and `quantizeOnnx`, without copies.
 * Results are the same. The memory is as large as the weights in float32, and is freed with the
 * model.
 * @throws InvalidArgumentError for what is no model or when the host does not give the memory;
 *   UnsupportedError where there is no SharedArrayBuffer
 */
export function shareWeights(model: OnnxModel): OnnxModel {
  checkModel(model);
  const bytesOf = ({ weights }: LayerSpec) =>
    Math.ceil((4 * (weights?.length ?? 0)) / ALIGNMENT) * ALIGNMENT;
  const parts: LayerSpec[][] = [];
  let left = 0;
  for (const layer of model.layers) {
    if (parts.length === 0 || bytesOf(layer) > left) {
      parts.push([]);
      left = ARENA_BYTES;
    }
    parts.at(-1)!.push(layer);
    left -= bytesOf(layer);
  }
  const layers = parts.flatMap((part) => {
    const maxBytes = part.reduce((sum, layer) => sum + bytesOf(layer), ALIGNMENT * part.length);
    const arena = new TensorArena({ maxBytes, shared: true });
    return part.map((layer) =>
      layer.weights === undefined ? layer : { ...layer, weights: arena.put(layer.weights) },
    );
  });
  return { ...model, layers, spec: { ...model.spec, layers } };
}
