import type { Batch } from "../../../measure/batches/tensor-data.js";
import { checkModel } from "../check-arguments.js";
import { describeGraph, rememberSource, sourceOf } from "./describe-graph.js";
import type { OnnxModel } from "./onnx-model.js";

/**
 * The model with the sizes that its symbolic and unknown dimensions have in a batch, for one sample
 * of it: shapes and MACs of its layers are then those of a real input. Sizes are taken by input and
 * axis, so a name that stands for several sizes, or a dimension without a name, has its own. What
 * the option `dimensions` of {@link loadOnnxModel} named keeps that size. Weights are shared with
 * the model that is given, which stays as it is.
 * @param batch a tensor for each input, or for some of them
 * @throws InvalidArgumentError for what is no model or batch; InvalidDataError for a batch that
 *   does not fit the model; InvalidModelError when the shapes that follow contradict each other
 * @example
 * ```ts fragment
 * import { loadOnnxModel, withDimensionsOf } from "quantevo/onnx";
 *
 * const model = withDimensionsOf(await loadOnnxModel("detector.onnx"), batches[0]!);
 * await engine.runEvolution(model.spec);
 * ```
 */
export function withDimensionsOf(model: OnnxModel, batch: Batch): OnnxModel {
  checkModel(model);
  const source = sourceOf(model);
  const known = new Map(
    model.bindings.map(({ weight }, i) => [weight, model.layers[i]!.weights!] as const),
  );
  const { layers, bindings, notes } = describeGraph(source, model.opset, batch, known);
  const sized = { ...model, layers, bindings, spec: { ...model.spec, layers }, notes };
  rememberSource(sized, source, batch);
  return sized;
}
