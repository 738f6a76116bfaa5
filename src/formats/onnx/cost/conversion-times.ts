import type { CodedValue, IntegerPlacement } from "../../../deploy/integer-operators.js";
import { KERNEL_TIMES } from "./kernel-times.js";
import type { ModelTimes } from "./model-times.js";
import { nodeUs } from "./operator-times.js";

const { quantize, dequantize, transpose } = KERNEL_TIMES;
const MICRO = 1e-3;

interface Conversion {
  readonly hot: number;
  readonly cold: number;
  readonly element: number;
}

/** Microseconds of turning so many elements into another form. */
export const conversionUs = (kind: Conversion, elements: number, coldMb: number) =>
  nodeUs(kind, coldMb) + kind.element * MICRO * elements;

/** What rounding a value of float and giving it back as float takes. */
export const roundingUs = (elements: number, coldMb: number) =>
  conversionUs(quantize, elements, coldMb) + conversionUs(dequantize, elements, coldMb);

/** The layer that a value's conversions are counted for; -1 for none. */
export function layerOf({ makers, readers }: ModelTimes, { value }: CodedValue): number {
  return (
    makers.get(value)?.layer ?? readers.get(value)?.find(({ layer }) => layer >= 0)?.layer ?? -1
  );
}

/** What rounding a value, giving it as float, and turning its axes takes. */
export function conversionsUs(
  { makers, readers, returned, elements, coldMb }: ModelTimes,
  { operators }: IntegerPlacement,
  { value, everywhere, readers: takers }: CodedValue,
): number {
  const count = elements(value);
  const maker = makers.get(value);
  const native = maker !== undefined && operators.has(maker.operator) && everywhere;
  let us = native ? 0 : conversionUs(quantize, count, coldMb);
  const taken = new Set(takers.map(({ operator }) => operator));
  const floats = (readers.get(value) ?? []).filter(({ operator }) => !taken.has(operator.operator));
  if (native || everywhere)
    us += (floats.length + (returned.has(value) ? 1 : 0)) * conversionUs(dequantize, count, coldMb);
  // Integer convolutions have their channels last.
  const last = native && maker.operator.kernel.channelsLast !== undefined;
  const wantsLast = (readers.get(value) ?? []).some(
    ({ operator }) => operator.kernel.channelsLast === "starts" && taken.has(operator.operator),
  );
  const wantsFirst =
    floats.length > 0 ||
    returned.has(value) ||
    (readers.get(value) ?? []).some(({ operator }) => operator.kernel.channelsLast === undefined);
  if (last ? wantsFirst : wantsLast) us += conversionUs(transpose, count, coldMb);
  return us;
}
