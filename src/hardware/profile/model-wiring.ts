import { checkModelSpec, checkWiring } from "../../model/check-layers.js";
import { elementCount, LayerKind, type LayerSpec, type ModelSpec } from "../../model/layer-spec.js";

/** A tensor that one layer writes and another one reads. */
export interface Edge {
  /** Index of the layer whose format the tensor has. */
  readonly from: number;
  readonly elements: number;
}

/** How the tensors of a model flow. All lists are in model order and refer to layers by index. */
export interface ModelWiring {
  readonly layers: readonly LayerSpec[];
  /**
   * Tensors that each layer reads from others. An addition before a reader belongs to the layer
   * before it.
   */
  readonly edges: readonly (readonly Edge[])[];
  /** Number of residual additions to each layer's output, and of their elements. */
  readonly additions: readonly { readonly count: number; readonly elements: number }[];
  /**
   * The first layer that reads the same tensor with weights of the same input, or -1. A runtime may
   * merge the products of such layers.
   */
  readonly leaders: readonly number[];
  /** Groups of layers whose outputs are added to each other. */
  readonly added: readonly (readonly number[])[];
  /** Number of concatenations made after each layer, and of the elements copied into them. */
  readonly concatenations: readonly { readonly count: number; readonly elements: number }[];
  /**
   * Elements that each product of activations reads from a key-value cache in DRAM, because no
   * layer of the model makes them.
   */
  readonly cached: readonly number[];
  /** Whether each layer's input comes from outside the model. */
  readonly external: readonly boolean[];
  /** Number of buffers that each layer allocates, of the size of its output. */
  readonly births: readonly number[];
  /** Layers whose buffers are freed after each layer, once for each buffer. */
  readonly deaths: readonly (readonly number[])[];
}

/** A sum of layer outputs, kept in the buffer of the last of them. */
interface Sum {
  readonly members: ReadonlySet<number>;
  readonly owner: number;
  readonly elements: number;
  /** The operands: earlier sums and single outputs. */
  readonly parts: readonly (Sum | number)[];
  lastUse: number;
}

/** Wirings by model. They depend on nothing else, and several cost models use the same one. */
const known = new WeakMap<ModelSpec, ModelWiring>();

/**
 * The wiring of a model, computed once for each model. A layer's inputs are all layers whose output
 * reaches it. Several producers of the reader's size are an addition. Producers whose channels add
 * up to the reader's are a concatenation. A sum that contains an earlier sum (the residual stream)
 * adds only the new outputs.
 * @throws InvalidArgumentError or InvalidDataError when the layers are not valid
 */
export function modelWiring(model: ModelSpec): ModelWiring {
  let wiring = known.get(model);
  if (wiring === undefined) {
    checkModelSpec(model);
    wiring = findWiring(model);
    known.set(model, wiring);
  }
  return wiring;
}

function findWiring(model: ModelSpec): ModelWiring {
  const { layers } = model;
  checkWiring(layers);
  const indexOf = new Map(layers.map((layer, index) => [layer.name, index]));
  const producers = layers.map((layer, index) =>
    layer.inputs === undefined
      ? index === 0
        ? []
        : [index - 1]
      : [...new Set(layer.inputs)].map((name) => indexOf.get(name) as number),
  );
  const elements = layers.map((layer) => elementCount(layer.outputShape));
  const sums = findSums(layers, producers, elements);

  const edges: Edge[][] = layers.map(() => []);
  const lastUse = layers.map((_, index) => index);
  const use = (from: number, at: number) => {
    lastUse[from] = Math.max(lastUse[from] as number, at);
  };
  const directlyRead = layers.map(() => false);
  producers.forEach((from, index) => {
    const sum = sums.get(setKey(from));
    if (sum !== undefined) {
      sum.lastUse = Math.max(sum.lastUse, index);
      if (sum.owner !== index) edges[index]?.push({ from: sum.owner, elements: sum.elements });
      return;
    }
    for (const producer of from) {
      use(producer, index);
      directlyRead[producer] = true;
      if (producer !== index)
        edges[index]?.push({ from: producer, elements: elements[producer] as number });
    }
  });

  const additions = layers.map(() => ({ count: 0, elements: 0 }));
  const births = layers.map(() => 1);
  const added: number[][] = [];
  for (const sum of sums.values()) {
    added.push([...sum.members]);
    const own = additions[sum.owner] as { count: number; elements: number };
    own.count += sum.parts.length - 1;
    own.elements += (sum.parts.length - 1) * sum.elements;
    for (const part of sum.parts) {
      const owner = typeof part === "number" ? part : part.owner;
      if (typeof part === "number") use(part, sum.owner);
      else part.lastUse = Math.max(part.lastUse, sum.owner);
      if (owner !== sum.owner) edges[sum.owner]?.push({ from: owner, elements: sum.elements });
    }
  }
  const concatenations = findConcatenations(layers, producers, elements);
  const deaths: number[][] = layers.map(() => []);
  const inPlace = new Set<number>();
  for (const sum of sums.values()) {
    // The sum reuses the buffer of its last operand when nothing else reads that.
    if (sum.parts.includes(sum.owner) && !directlyRead[sum.owner] && !inPlace.has(sum.owner))
      inPlace.add(sum.owner);
    else births[sum.owner] = (births[sum.owner] as number) + 1;
    deaths[sum.lastUse]?.push(sum.owner);
  }
  lastUse.forEach((at, producer) => {
    if (!inPlace.has(producer)) deaths[at]?.push(producer);
  });
  return {
    layers,
    edges,
    additions,
    concatenations,
    leaders: findLeaders(layers),
    added,
    cached: producers.map((from, index) => {
      const layer = layers[index] as LayerSpec;
      if (layer.parameterCount > 0 || from.length === 0 || sums.has(setKey(from))) return 0;
      const made = from.reduce((total, producer) => total + (elements[producer] as number), 0);
      return Math.max(0, elementCount(layer.inputShape) - made);
    }),
    external: producers.map((from) => from.length === 0),
    births,
    deaths,
  };
}

function setKey(members: readonly number[]): string {
  return [...members].sort((a, b) => a - b).join(" ");
}

/**
 * Every addition before a layer, by its members. Smaller ones come first, so that larger ones can
 * contain them.
 */
function findSums(
  layers: readonly LayerSpec[],
  producers: readonly (readonly number[])[],
  elements: readonly number[],
): ReadonlyMap<string, Sum> {
  const found = new Map<string, { members: readonly number[]; elements: number }>();
  producers.forEach((from, index) => {
    const size = elements[from[0] ?? 0] as number;
    const { inputShape } = layers[index] as LayerSpec;
    const alike = from.every(
      (producer) =>
        elements[producer] === size &&
        (layers[producer] as LayerSpec).outputShape[1] === inputShape[1],
    );
    if (from.length > 1 && alike && elementCount(inputShape) <= size)
      found.set(setKey(from), { members: from, elements: size });
  });
  const sums = new Map<string, Sum>();
  for (const [key, { members, elements: size }] of [...found].sort(
    (a, b) => a[1].members.length - b[1].members.length,
  )) {
    const all = new Set(members);
    let best: Sum | undefined;
    for (const sum of sums.values())
      if (
        sum.members.size > (best?.members.size ?? 0) &&
        [...sum.members].every((member) => all.has(member))
      )
        best = sum;
    const rest = members.filter((member) => best?.members.has(member) !== true);
    const owner = Math.max(...members);
    const parts = best === undefined ? rest : [best, ...rest];
    sums.set(key, { members: all, owner, elements: size, parts, lastUse: owner });
  }
  return sums;
}

/**
 * Inputs whose channels are those of several layers together. Each concatenation is made after the
 * last of them.
 */
function findConcatenations(
  layers: readonly LayerSpec[],
  producers: readonly (readonly number[])[],
  elements: readonly number[],
): { count: number; elements: number }[] {
  const found = layers.map(() => ({ count: 0, elements: 0 }));
  const seen = new Set<string>();
  producers.forEach((from, index) => {
    const channels = from.reduce(
      (sum, producer) => sum + ((layers[producer] as LayerSpec).outputShape[1] ?? 0),
      0,
    );
    if (from.length < 2 || channels !== (layers[index] as LayerSpec).inputShape[1]) return;
    const key = setKey(from);
    if (seen.has(key)) return;
    seen.add(key);
    const last = found[Math.max(...from)] as { count: number; elements: number };
    last.count++;
    last.elements += from.reduce((sum, producer) => sum + (elements[producer] as number), 0);
  });
  return found;
}

/**
 * For each matrix product with weights, the first one with the same inputs (q/k/v, gate/up), or -1.
 */
function findLeaders(layers: readonly LayerSpec[]): number[] {
  const first = new Map<string, number>();
  return layers.map((layer, index) => {
    const product =
      layer.kind === LayerKind.GEMM ||
      layer.kind === LayerKind.MATMUL ||
      layer.kind === LayerKind.ATTENTION;
    if (
      !product ||
      layer.parameterCount === 0 ||
      layer.inputs === undefined ||
      layer.inputs.length === 0
    )
      return -1;
    const key = JSON.stringify([layer.kind, layer.inputShape, [...layer.inputs].sort()]);
    const leader = first.get(key);
    if (leader === undefined) first.set(key, index);
    return leader ?? -1;
  });
}
