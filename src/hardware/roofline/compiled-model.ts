import type { ModelSpec } from "../../model/layer-spec.js";
import { type ModelWiring, modelWiring } from "../profile/model-wiring.js";
import type { HardwareProfile } from "../profile/profile-schema.js";
import { type QdqWiring, qdqWiring } from "./qdq-execution.js";
import { type Row, RowStore } from "./row-store.js";

/** A model prepared for estimates: its wiring in flat arrays, and the rows computed so far. */
export interface CompiledModel {
  readonly wiring: ModelWiring;
  readonly names: readonly string[];
  readonly store: RowStore;
  /** Number of buffers that each layer allocates, of the size of its output. */
  readonly births: Int32Array;
  /**
   * Layers whose buffers are freed. Those freed after layer i stand from `deathStarts[i]` to
   * `deathStarts[i + 1]`.
   */
  readonly deaths: Int32Array;
  readonly deathStarts: Int32Array;
  /** 1 where the layer's input comes from outside the model. */
  readonly external: Uint8Array;
  /**
   * Tensors between layers: index of the layer that writes, of the layer that reads, and number of
   * elements.
   */
  readonly edgeFrom: Int32Array;
  readonly edgeTo: Int32Array;
  readonly edgeElements: Float64Array;
  /** Row of each layer, and its format as an index into FORMATS. Overwritten by each estimate. */
  readonly slots: Int32Array;
  readonly formats: Uint8Array;
  /**
   * Layers that can run as one product with an earlier one. Empty where the runtime does not merge.
   */
  readonly mergeable: readonly number[];
  /** Only for a runtime that fuses QDQ pairs. */
  readonly qdq: QdqWiring | undefined;
}

/**
 * Prepares a model for estimates on a profile.
 * @throws InvalidArgumentError or InvalidDataError when the layers are not valid
 */
export function compileModel(model: ModelSpec, { fusion, qdq }: HardwareProfile): CompiledModel {
  const wiring = modelWiring(model);
  const { layers, edges } = wiring;
  const deathStarts = new Int32Array(layers.length + 1);
  wiring.deaths.forEach((list, i) => {
    deathStarts[i + 1] = (deathStarts[i] as number) + list.length;
  });
  return {
    wiring,
    names: layers.map(({ name }) => name),
    store: new RowStore(layers.length),
    births: Int32Array.from(wiring.births),
    deaths: Int32Array.from(wiring.deaths.flat()),
    deathStarts,
    external: Uint8Array.from(wiring.external, Number),
    edgeFrom: Int32Array.from(edges.flat(), ({ from }) => from),
    edgeTo: Int32Array.from(edges.flatMap((into, to) => into.map(() => to))),
    edgeElements: Float64Array.from(edges.flat(), ({ elements }) => elements),
    slots: new Int32Array(layers.length),
    formats: new Uint8Array(layers.length),
    mergeable:
      fusion?.sharedInput === true
        ? [...layers.keys()].filter((i) => (wiring.leaders[i] as number) >= 0)
        : [],
    qdq: qdq && qdqWiring(layers, qdq.integerOutputs, model.regions),
  };
}

/**
 * Whether a layer runs as one product with the first layer that reads the same tensor. Their
 * settings must be equal.
 */
export function sharesProduct(
  { leaders }: ModelWiring,
  rows: readonly Row[],
  index: number,
): boolean {
  const leader = leaders[index] as number;
  return leader >= 0 && (rows[leader] as Row).key === (rows[index] as Row).key;
}
