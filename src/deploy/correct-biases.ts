import type { LayerSpec } from "../model/layer-spec.js";
import { dequantize, unpackBits } from "../quantization/index.js";
import { meanOutputShift } from "../reconstruction/bias-correction.js";
import type { PlannedFloat, PlannedWeight } from "./deployment-plan.js";
import type { PlacedOperator } from "./placement.js";

/** What the bias of each operator takes up, by operator. */
export type BiasShifts = ReadonlyMap<string, Float32Array>;

/** By the codes and the means they meet, as a search plans the same layers again and again. */
const known = new WeakMap<Uint8Array, WeakMap<Float32Array, Float32Array>>();

/**
 * How far rounding moved the mean of the output of each operator that has, or can be given, a bias
 * for each output channel.
 * @param inputMeans of what operators multiply with their weights
 */
export function biasShifts(
  layers: readonly LayerSpec[],
  weights: readonly (PlannedWeight | PlannedFloat)[],
  operators: readonly PlacedOperator[],
  inputMeans: ReadonlyMap<string, Float32Array>,
): BiasShifts {
  const byLayer = new Map(
    weights.map((weight, i) => [weight.layer, { weight, layer: layers[i]! }]),
  );
  const shifts = new Map<string, Float32Array>();
  for (const { operator, layers: names, bias } of operators) {
    const found = byLayer.get(names[0] ?? "");
    const means = inputMeans.get(operator);
    if (bias?.perChannel !== true || means === undefined) continue;
    if (found?.weight.format !== "integer") continue;
    const shift = shiftOf(found.layer, found.weight, means);
    if (shift?.every(Number.isFinite) && shift.some((x) => x !== 0)) shifts.set(operator, shift);
  }
  return shifts;
}

function shiftOf(
  { weights, weightLayout }: LayerSpec,
  { codes, storage, parameters }: PlannedWeight,
  means: Float32Array,
): Float32Array | undefined {
  const before = known.get(codes)?.get(means);
  if (before !== undefined) return before;
  const unpacked = unpackBits(codes, storage.bits, weights!.length, storage.signed);
  const rounded = dequantize(unpacked, parameters);
  const shift = meanOutputShift(weights!, rounded, weightLayout!, means);
  if (shift === undefined) return undefined;
  const byMeans = known.get(codes) ?? new WeakMap<Float32Array, Float32Array>();
  known.set(codes, byMeans.set(means, shift));
  return shift;
}

/** A bias with what it takes up. */
export function shifted(values: Float32Array, shift: Float32Array | undefined): Float32Array {
  return shift === undefined ? values : values.map((x, i) => x + shift[i]!);
}

/**
 * The corrected biases that stay in float.
 * @param stored operators whose biases are int32
 */
export function planCorrectedBiases(
  weights: readonly (PlannedWeight | PlannedFloat)[],
  operators: readonly PlacedOperator[],
  shifts: BiasShifts,
  stored: ReadonlySet<string>,
): PlannedFloat[] {
  const byLayer = new Map(weights.map((weight) => [weight.layer, weight]));
  return operators.flatMap(({ operator, layers, bias }): PlannedFloat[] => {
    const shift = shifts.get(operator);
    const layer = layers[0];
    if (shift === undefined || bias === undefined || stored.has(bias.operator)) return [];
    const floatType = byLayer.get(layer ?? "")?.storage.floatType;
    if (floatType !== "float32" && floatType !== "float16") return [];
    return [
      {
        ...{ tensor: bias.tensor, role: "bias", format: "float" },
        ...(layer !== undefined && { layer }),
        storage: { floatType },
        reason: "biases are added in float; it takes up what rounding did to the layer's mean",
        corrected: {
          values: shifted(bias.values, shift),
          floatType,
          reader: { operator: bias.operator, input: bias.input },
        },
      },
    ];
  });
}
