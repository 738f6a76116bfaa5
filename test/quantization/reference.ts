import type { QuantizationParams } from "../../src/quantization/params.js";

/** Index of the scale that element `flat` uses, from its multi-index. */
export function scaleIndex(
  flat: number,
  params: Pick<QuantizationParams, "shape" | "granularity" | "axis" | "groupSize">,
): number {
  const { shape, granularity, axis, groupSize } = params;
  if (granularity === "per-tensor") return 0;
  const index = shape.map(() => 0);
  let rest = flat;
  for (let k = shape.length - 1; k >= 0; k--) {
    index[k] = rest % shape[k]!;
    rest = Math.floor(rest / shape[k]!);
  }
  if (granularity === "per-channel") return index[axis]!;
  let result = 0;
  for (let k = 0; k < shape.length; k++) {
    const extent = k === axis ? Math.ceil(shape[k]! / groupSize) : shape[k]!;
    result = result * extent + (k === axis ? Math.floor(index[k]! / groupSize) : index[k]!);
  }
  return result;
}

/** Ties to even, by the definition. */
export function nearestEven(x: number): number {
  const below = Math.floor(x);
  if (x - below !== 0.5) return x - below < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** ONNX QuantizeLinear one element at a time; binary is the sign. */
export function quantizeOne(
  x: number,
  scale: number,
  zeroPoint: number,
  params: QuantizationParams,
): number {
  const { bits, signed, narrowRange } = params;
  if (bits === 1) return x < 0 ? -1 : 1;
  let low = signed ? -(2 ** (bits - 1)) : 0;
  let high = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  if (signed && narrowRange) low = -high;
  if (bits === 1.58) [low, high] = [-1, 1];
  return Math.min(high, Math.max(low, nearestEven(Math.fround(x / scale)) + zeroPoint)) + 0;
}

/** All codes by {@link quantizeOne}. */
export function referenceCodes(values: Float32Array, params: QuantizationParams): number[] {
  return Array.from(values, (x, i) => {
    const k = scaleIndex(i, params);
    return quantizeOne(x, params.scale[k]!, params.zeroPoint[k]!, params);
  });
}

/** ONNX DequantizeLinear one element at a time, each step rounded to float32. */
export function referenceValues(codes: ArrayLike<number>, params: QuantizationParams): number[] {
  return Array.from(codes, (q, i) => {
    const k = scaleIndex(i, params);
    return Math.fround(Math.fround(q - params.zeroPoint[k]!) * params.scale[k]!);
  });
}
