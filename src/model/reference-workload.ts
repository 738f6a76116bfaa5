import { InvalidArgumentError } from "../errors.js";
import { Random } from "../random/random.js";
import { checkName } from "./check-layers.js";
import { LayerKind, type LayerSpec, type ModelSpec, type WeightLayout } from "./layer-spec.js";
import { referenceWeights, type WeightDistribution } from "./reference-weights.js";
import { type LayerRole, roleOfName } from "./role-of-name.js";

/** Sizes and seed of a reference workload. */
export interface ReferenceWorkloadOptions {
  /**
   * Width of the residual stream, 16 to 2048. Default 256. To bound memory, 128 for more than 256
   * layers and 64 for more than 1,024.
   */
  readonly hiddenSize?: number;
  /** Tokens of one inference, 1 to 65,536. Default 128. 1 is a decode step. */
  readonly sequenceLength?: number;
  /** Rows of an embedding and columns of an output layer, 16 to 262,144. Default 2048. */
  readonly vocabularySize?: number;
  /** Seed of the weights; the shapes do not depend on it. Default 0. */
  readonly seed?: string | number;
  /** Name of the model. Default "reference workload". */
  readonly modelName?: string;
}

interface Sizes {
  readonly hidden: number;
  readonly tokens: number;
  readonly vocabulary: number;
  readonly seed: string | number;
}

/** Most layers of a reference workload, since each has weights in memory. */
export const MAX_REFERENCE_LAYERS = 10_000;

/** Height and width of the feature map that reference convolutions read. */
const MAP_EXTENT = 14;

/**
 * Builds a model from layer names alone. The same names give the same shapes, work and weights
 * everywhere. {@link roleOfName} picks the role of each layer, and its sizes are those of a small
 * transformer or convolutional network.
 *
 * H is the hidden size, V the vocabulary and T the tokens. Convolutions run on a 14 x 14 map.
 *
 * | role | kind | weights | MACs | distribution |
 * | --- | --- | --- | --- | --- |
 * | embedding | embedding | [V, H] | 0 | `gaussian` |
 * | query, key, value | attention | [H, H] | T H^2 | `student` |
 * | attention | attention | [H, 3H] | 3 T H^2 + 2 T^2 H | `student` |
 * | ffn | matmul | [H, 4H] | 4 T H^2 | `laplace` |
 * | conv | conv | [H/2, H/2 * 3 * 3] | 196 x weights | `channel-scaled` |
 * | depthwise-conv | depthwise-conv | [H, 3 * 3] | 196 x weights | `channel-scaled` |
 * | output | gemm | [H, V] | T H V | `gaussian` |
 * | other | matmul | [H, 2H] | 2 T H^2 | `gaussian` |
 *
 * Attention counts the scores and their use as 2 T^2 H. Layers form a chain in the order given.
 * Adjacent query, key and value layers share their input.
 * @param names 1 to {@link MAX_REFERENCE_LAYERS} different names
 * @throws InvalidArgumentError when the list is empty or too long, a name is empty or repeated
 *   (path `layers.N.name`), or a size is out of range
 *
 * @example
 * ```ts
 * import { referenceWorkload } from "quantevo";
 *
 * const model = referenceWorkload(["embedding", "attention", "output"]);
 * model.layers.map(({ kind }) => kind); // ["embedding", "attention", "gemm"]
 * ```
 */
export function referenceWorkload(
  names: readonly string[],
  options: ReferenceWorkloadOptions = {},
): ModelSpec {
  if (names.length === 0)
    throw new InvalidArgumentError("layers", "layers is empty; allowed: at least one layer name");
  if (names.length > MAX_REFERENCE_LAYERS)
    throw new InvalidArgumentError(
      "layers",
      `layers has ${names.length} names; allowed: 1 to ${MAX_REFERENCE_LAYERS} (give ` +
        "LayerSpec objects for more)",
    );
  const seen = new Set<string>();
  names.forEach((name, index) => {
    const path = `layers.${index}.name`;
    checkName(name, path);
    if (seen.has(name))
      throw new InvalidArgumentError(
        path,
        `${path} is ${JSON.stringify(name)} again; names must differ`,
      );
    seen.add(name);
  });
  const inputs = chain(names);
  const hiddenSize =
    options.hiddenSize ?? (names.length > 1024 ? 64 : names.length > 256 ? 128 : 256);
  return {
    name: options.modelName ?? "reference workload",
    source: "reference-workload",
    layers: names.map((name, index) =>
      drawnLayer(name, { ...options, hiddenSize }, { inputs: inputs[index] as readonly string[] }),
    ),
  };
}

/**
 * One layer of a {@link referenceWorkload}, without `inputs`.
 * @throws InvalidArgumentError when the name is empty or a size is out of range
 */
export function referenceLayer(name: string, options: ReferenceWorkloadOptions = {}): LayerSpec {
  return drawnLayer(name, options);
}

/**
 * A layer that draws its weights when they are first read. Those of thousands of layers take
 * seconds, which a run spreads over its turns.
 */
function drawnLayer(
  name: string,
  options: ReferenceWorkloadOptions,
  wiring: Pick<LayerSpec, "inputs"> = {},
): LayerSpec {
  checkName(name, "name");
  const sizes: Sizes = {
    hidden: size("hiddenSize", options.hiddenSize ?? 256, 16, 2048),
    tokens: size("sequenceLength", options.sequenceLength ?? 128, 1, 65_536),
    vocabulary: size("vocabularySize", options.vocabularySize ?? 2048, 16, 262_144),
    seed: options.seed ?? 0,
  };
  const role = roleOfName(name);
  const plan = planOf(role, sizes);
  const [rows = 1, columns = 1] = plan.layout.shape;
  const fanIn = plan.layout.channelAxis === 0 ? columns : rows;
  let weights: Float32Array | undefined;
  return {
    name,
    kind: plan.kind,
    parameterCount: rows * columns,
    macs: plan.macs,
    inputShape: plan.inputShape,
    outputShape: plan.outputShape,
    get weights() {
      weights ??= referenceWeights(
        plan.layout,
        plan.distribution,
        1 / Math.sqrt(fanIn),
        new Random(`reference ${sizes.seed}`).child(name),
      );
      return weights;
    },
    weightLayout: plan.layout,
    ...wiring,
  };
}

interface Plan {
  readonly kind: LayerKind;
  readonly layout: WeightLayout;
  readonly macs: number;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly distribution: WeightDistribution;
}

function planOf(role: LayerRole, sizes: Sizes): Plan {
  const { hidden, tokens, vocabulary } = sizes;
  switch (role) {
    case "embedding":
      return {
        kind: LayerKind.EMBEDDING,
        layout: { shape: [vocabulary, hidden], channelAxis: 0, groupAxis: 1 },
        macs: 0,
        inputShape: [1, tokens],
        outputShape: [1, tokens, hidden],
        distribution: "gaussian",
      };
    case "query":
    case "key":
    case "value":
      return linear(LayerKind.ATTENTION, sizes, hidden, "student");
    case "attention": {
      const plan = linear(LayerKind.ATTENTION, sizes, 3 * hidden, "student");
      // The weights are the three projections. The output is one attended vector per token.
      return {
        ...plan,
        macs: plan.macs + 2 * tokens * tokens * hidden,
        outputShape: [1, tokens, hidden],
      };
    }
    case "ffn":
      return linear(LayerKind.MATMUL, sizes, 4 * hidden, "laplace");
    case "output":
      return linear(LayerKind.GEMM, sizes, vocabulary, "gaussian");
    case "conv":
      return convolution(LayerKind.CONV, Math.max(1, hidden >> 1), Math.max(1, hidden >> 1));
    case "depthwise-conv":
      return convolution(LayerKind.DEPTHWISE_CONV, hidden, 1);
    case "other":
      return linear(LayerKind.MATMUL, sizes, 2 * hidden, "gaussian");
  }
}

function linear(
  kind: LayerKind,
  sizes: Sizes,
  outputs: number,
  distribution: WeightDistribution,
): Plan {
  return {
    kind,
    layout: { shape: [sizes.hidden, outputs], channelAxis: 1, groupAxis: 0 },
    macs: sizes.tokens * sizes.hidden * outputs,
    inputShape: [1, sizes.tokens, sizes.hidden],
    outputShape: [1, sizes.tokens, outputs],
    distribution,
  };
}

function convolution(kind: LayerKind, channels: number, inputsPerChannel: number): Plan {
  const map = [1, channels, MAP_EXTENT, MAP_EXTENT];
  return {
    kind,
    layout: { shape: [channels, inputsPerChannel * 9], channelAxis: 0, groupAxis: 1 },
    macs: channels * inputsPerChannel * 9 * MAP_EXTENT * MAP_EXTENT,
    inputShape: map,
    outputShape: map,
    distribution: "channel-scaled",
  };
}

/**
 * The inputs of each layer: the layer before it. Adjacent query, key and value layers share theirs.
 */
function chain(names: readonly string[]): readonly (readonly string[])[] {
  const inputs: (readonly string[])[] = [];
  let before: readonly string[] = [];
  let group: string[] = [];
  let roles = new Set<LayerRole>();
  for (const name of names) {
    const role = roleOfName(name);
    const branch = role === "query" || role === "key" || role === "value";
    if (!branch || roles.has(role)) {
      if (group.length > 0) before = group;
      group = [];
      roles = new Set();
    }
    inputs.push(before);
    if (branch) {
      group.push(name);
      roles.add(role);
    } else before = [name];
  }
  return inputs;
}

function size(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    throw new InvalidArgumentError(
      name,
      `${name} is ${String(value)}; allowed: a whole number from ${least} to ${most}`,
    );
  return value;
}
