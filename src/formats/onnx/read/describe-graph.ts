import { quoteName } from "../../../check/quote-name.js";
import type { Batch } from "../../../measure/batches/tensor-data.js";
import type { LayerSpec } from "../../../model/layer-spec.js";
import { indexGraph } from "../graph/graph-index.js";
import { type InferredShapes, inferShapes } from "../shape/infer-shapes.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import { findLayers } from "./find-layers.js";
import { flatGraph } from "./flat-graph.js";
import { countFixedBytes, countFloatElements, noteFloatTensors } from "./float-elements.js";
import { noLayerError } from "./no-layer.js";
import { NoteList } from "./note-list.js";
import type { LayerBinding, OnnxModel } from "./onnx-model.js";
import { sizedGraph } from "./sample-sizes.js";

/** What a model was made from, kept so that its sizes can be told again from a batch. */
export interface ModelSource {
  readonly proto: ModelWithGraph;
  readonly dimensions: ReadonlyMap<string, number>;
  /** Notes of folding. */
  readonly notes: readonly string[];
  /** The batch whose sizes the model has; only shapes are kept. */
  readonly sample?: Batch | undefined;
}

/** The layers of a graph and what was assumed. */
export interface DescribedGraph {
  readonly layers: readonly LayerSpec[];
  readonly bindings: readonly LayerBinding[];
  readonly floatParameterCount: number;
  /** Bytes of stored tensors that are no floats. */
  readonly fixedBytes: number;
  readonly notes: readonly string[];
}

const sources = new WeakMap<OnnxModel, ModelSource>();

/** Keeps what a model was made from. */
export function rememberSource(
  model: OnnxModel,
  source: ModelSource,
  sample: Batch | undefined,
): void {
  sources.set(model, { ...source, sample: sample && withoutData(sample) });
}

function withoutData(batch: Batch): Batch {
  return Object.fromEntries(
    Object.entries(batch).map(([name, { dims }]) => [name, { data: new Uint8Array(0), dims }]),
  );
}

/** Shapes of all values of a model, with the sizes that it was given. */
export function shapesOf(model: OnnxModel): InferredShapes {
  const { proto, dimensions, sample } = sourceOf(model);
  const { graph, symbols } = sizedGraph(proto.graph, dimensions, sample);
  return inferShapes(indexGraph(graph), model.opset, symbols, () => undefined);
}

/** What a model was made from; of a copy, as much as can be told. */
export function sourceOf(model: OnnxModel): ModelSource {
  const proto = model.proto as ModelWithGraph;
  return sources.get(model) ?? { proto, dimensions: new Map(), notes: [] };
}

/**
 * Finds the layers of a graph, with the sizes of a sample where one is given.
 * @param known weights of the layers by tensor, where they have been read before
 * @throws what {@link inferShapes}, `sizedGraph` and `findLayers` throw; InvalidModelError when
 *   there is no layer
 */
export function describeGraph(
  source: ModelSource,
  opset: number,
  sample: Batch | undefined,
  known: ReadonlyMap<string, Float32Array> = new Map(),
): DescribedGraph {
  const notes = new NoteList();
  for (const text of source.notes) notes.add(text);
  const { proto, dimensions } = source;
  const sized = sizedGraph(proto.graph, dimensions, sample);
  const flat = flatGraph(sized.graph);
  const index = indexGraph(flat.graph);
  const shapes = inferShapes(index, opset, sized.symbols, notes.add);
  const { layers, bindings, flatBindings, quantized } = findLayers(
    flat,
    index,
    shapes,
    notes.add,
    known,
  );
  if (layers.length === 0) throw noLayerError(flat, index, quantized);
  for (const { layer, nested } of bindings)
    if (nested !== undefined)
      notes.add(
        "in the body of an If, Loop or Scan: its weights are quantized, its activations stay in " +
          "float there",
        quoteName(layer),
      );
  const floatParameterCount =
    countFloatElements(index, proto.functions, notes.add) -
    layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
  noteFloatTensors(index, flatBindings, quantized.tensors, notes.add);
  return {
    ...{ layers, bindings, floatParameterCount, notes: notes.lines() },
    fixedBytes: countFixedBytes(index),
  };
}
