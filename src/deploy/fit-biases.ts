import type { LayerSpec } from "../model/layer-spec.js";
import { elementCount } from "../model/layer-spec.js";
import { packBits, quantize } from "../quantization/index.js";
import { type BiasShifts, shifted } from "./correct-biases.js";
import type {
  PlannedActivation,
  PlannedBias,
  PlannedFloat,
  PlannedWeight,
} from "./deployment-plan.js";
import type { PlacedBias, PlacedOperator } from "./placement.js";
import type { QuantizedWeights } from "./quantize-layer.js";

/**
 * Integer kernels add the bias as an int32 multiple of the two scales' product, and so runtimes
 * round it. It may take half of the range; the rest is for the products.
 */
const MOST_STEPS = 2 ** 30;

/** A bias, and the scale of the activation beside it. */
interface ScaledBias {
  readonly bias: PlacedBias;
  readonly operator: PlacedOperator;
  readonly activationScale: number;
}

/** The biases that integer kernels add, by layer. */
export type LayerBiases = ReadonlyMap<string, readonly ScaledBias[]>;

/** Pairs the biases of integer operators with the scales of what these read. */
export function biasesOf(
  integer: ReadonlySet<PlacedOperator>,
  activations: readonly (PlannedActivation | PlannedFloat)[],
): LayerBiases {
  const scales = new Map<string, number>();
  for (const entry of activations)
    if (entry.format === "integer")
      for (const { operator } of entry.readers) scales.set(operator, entry.parameters.scale[0]!);
  const found = new Map<string, ScaledBias[]>();
  for (const operator of integer) {
    const { bias, layers } = operator;
    const activationScale = scales.get(operator.operator);
    if (bias === undefined || activationScale === undefined) continue;
    const scaled = { bias, operator, activationScale };
    const known = found.get(layers[0]!);
    if (known === undefined) found.set(layers[0]!, [scaled]);
    else known.push(scaled);
  }
  return found;
}

const zeroChannels = new WeakMap<LayerSpec, readonly boolean[]>();

/** Which output channels have no weight but 0. */
function zeroChannelsOf(layer: LayerSpec): readonly boolean[] {
  let zero = zeroChannels.get(layer);
  if (zero === undefined) {
    const { shape, channelAxis } = layer.weightLayout!;
    const channels = shape[channelAxis]!;
    const inner = elementCount(shape.slice(channelAxis + 1));
    const found = Array.from({ length: channels }, () => true);
    for (let i = 0; i < layer.weights!.length; i++)
      if (layer.weights![i] !== 0) found[Math.floor(i / inner) % channels] = false;
    zero = found;
    zeroChannels.set(layer, zero);
  }
  return zero;
}

/** What weights were fitted to before, as a search plans the same layers again and again. */
const fits = new WeakMap<QuantizedWeights, QuantizedWeights[]>();
/** Scales that are remembered for each: a few activation formats of each layer. */
const REMEMBERED = 8;

/** The weights with these scales. */
function withScale(
  layer: LayerSpec,
  made: QuantizedWeights,
  scale: Float32Array,
  requantize: boolean,
): QuantizedWeights {
  const before = fits.get(made) ?? [];
  const same = before.find(({ params }) => params.scale.every((x, at) => x === scale[at]));
  if (same !== undefined) return same;
  const params = { ...made.params, scale };
  const data = requantize
    ? packBits(quantize(layer.weights!, params), made.storage.bits)
    : made.data;
  const fitted = { ...made, params, data };
  fits.set(made, [fitted, ...before].slice(0, REMEMBERED));
  return fitted;
}

/**
 * Raises the weight scales of channels whose bias would overflow int32, and gives channels without
 * weights a scale like that of the others, so that their biases are not rounded coarsely.
 * @returns `made` where nothing has to change
 */
export function fitToBiases(
  layer: LayerSpec,
  made: QuantizedWeights,
  biases: readonly ScaledBias[],
): QuantizedWeights {
  const { params } = made;
  const { scale } = params;
  if (params.granularity === "per-group") return made;
  const zero = zeroChannelsOf(layer);
  const perChannel = params.granularity === "per-channel";
  const isZero = (at: number) => (perChannel ? zero[at] === true : zero.every(Boolean));
  const used = scale.filter((_, at) => !isZero(at));
  const typical = used.length === 0 ? 0 : used.reduce((sum, x) => sum + x, 0) / used.length;
  let requantize = false;
  const raised = scale.map((before, at) => {
    let least = 0;
    for (const { bias, activationScale } of biases)
      least = Math.max(least, greatestOf(bias.values, at, perChannel) / activationScale);
    if (isZero(at)) return Math.max(typical || least / 2 ** 15 || before, least / MOST_STEPS);
    if (least / MOST_STEPS <= before) return before;
    requantize = true;
    return least / MOST_STEPS;
  });
  if (raised.every((x, at) => x === scale[at])) return made;
  return withScale(layer, made, raised, requantize);
}

function greatestOf(values: Float32Array, at: number, perChannel: boolean): number {
  if (perChannel && values.length > 1) return Math.abs(values[at] ?? 0);
  return values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
}

/**
 * The biases that have to be stored as int32 for integer kernels to be taken.
 * @param shifts what they take up
 */
export function planBiases(
  weights: readonly (PlannedWeight | PlannedFloat)[],
  biases: LayerBiases,
  shifts: BiasShifts = new Map(),
): PlannedBias[] {
  return weights.flatMap((weight): PlannedBias[] => {
    if (weight.format !== "integer") return [];
    const scaled = biases.get(weight.layer) ?? [];
    return scaled.flatMap(({ bias, operator, activationScale }): PlannedBias[] => {
      if (operator.kernel.integerBias !== true) return [];
      const { tensor, operator: reader, input } = bias;
      const shift = shifts.get(operator.operator);
      if (tensor === "" && shift === undefined) return [];
      const values = shifted(bias.values, shift);
      const scale = weight.parameters.scale.map((x) => x * activationScale);
      const codes = Int32Array.from(values, (x, i) =>
        Math.round(x / scale[scale.length === 1 ? 0 : i]!),
      );
      return [
        {
          ...{ tensor, role: "bias", layer: weight.layer, format: "integer", scale, codes },
          reader: { operator: reader, input },
          storage: { floatType: "float32" },
        },
      ];
    });
  });
}
