import { isRecord } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { isPowerOfTwo } from "../numeric/float32-range.js";
import { codeRange } from "./code-range.js";
import type { QuantizationParams } from "./params.js";
import { type ScaleLayout, scaleLayout } from "./scale-layout.js";
import { QuantizationScheme } from "./scheme.js";

const SCHEMES: readonly string[] = Object.values(QuantizationScheme);

/**
 * Checks parameters and gives the layout of their scales.
 * @throws InvalidArgumentError naming `params` when it is no object, else the field. Binary and
 *   ternary codes are signed. Scales are as many as the layout has, positive and finite, and 2^n
 *   where the scheme says so. Zero points are as many, inside the code range, and 0 unless
 *   asymmetric.
 */
export function checkParams(params: QuantizationParams): ScaleLayout {
  if (!isRecord(params))
    throw new InvalidArgumentError(
      "params",
      `params is ${describeValue(params)}; allowed: what calibrate gives`,
    );
  const { bits, signed, scheme, scale, zeroPoint } = params;
  const { qMin, qMax } = codeRange(params);
  if (bits < 2 && !signed)
    throw new InvalidArgumentError("signed", `signed is false; allowed: true for ${bits} bits`);
  if (!SCHEMES.includes(scheme))
    throw new InvalidArgumentError(
      "scheme",
      `scheme is ${describeValue(scheme)}; allowed: ${SCHEMES.join(", ")}`,
    );
  const layout = scaleLayout(params.shape, params.granularity, params.axis, params.groupSize);
  requireInstance(scale, Float32Array, "scale", layout.count);
  requireInstance(zeroPoint, Int32Array, "zeroPoint", layout.count);
  const powerOfTwo = scheme === QuantizationScheme.POWER_OF_TWO;
  const shifted = scheme === QuantizationScheme.ASYMMETRIC && bits >= 2;
  const least = shifted ? qMin : 0;
  const greatest = shifted ? qMax : 0;
  for (let k = 0; k < layout.count; k++) {
    const s = scale[k]!;
    if (!(s > 0 && s < Number.POSITIVE_INFINITY))
      throw new InvalidArgumentError(
        "scale",
        `scale[${k}] is ${s}; allowed: positive and finite float32 values`,
      );
    if (powerOfTwo && !isPowerOfTwo(s))
      throw new InvalidArgumentError(
        "scale",
        `scale[${k}] is ${s}; allowed: 2^n for scheme power-of-two`,
      );
    const z = zeroPoint[k]!;
    if (z < least || z > greatest)
      throw new InvalidArgumentError(
        "zeroPoint",
        `zeroPoint[${k}] is ${z}; allowed: ${least} to ${greatest} for scheme ${scheme} and ` +
          `${bits} bits`,
      );
  }
  return layout;
}

/**
 * Checks a typed-array argument.
 * @throws InvalidArgumentError when it is of another class or length, or its buffer was transferred
 *   away
 */
export function requireInstance<T extends ArrayLike<number>>(
  array: unknown,
  type: abstract new (...args: never[]) => T,
  name: string,
  length?: number,
): asserts array is T {
  if (!(array instanceof type)) {
    const found = array === null || array === undefined ? String(array) : array.constructor?.name;
    throw new InvalidArgumentError(
      name,
      `${name} is ${found ?? typeof array}; allowed: ${type.name}`,
    );
  }
  requireAttached(array, name);
  if (length !== undefined && array.length !== length)
    throw new InvalidArgumentError(
      name,
      `${name} has ${array.length} elements; allowed: exactly ${length} here`,
    );
}

/**
 * Refuses an array whose buffer was transferred away (to a worker, say): it would pass for an empty
 * one.
 */
export function requireAttached(array: unknown, name: string): void {
  if (!ArrayBuffer.isView(array) || array.buffer.byteLength > 0) return;
  try {
    new Uint8Array(array.buffer);
  } catch (cause) {
    const allowed = "an array whose buffer was not transferred";
    const message = `${name} is on a detached buffer; allowed: ${allowed}`;
    throw new InvalidArgumentError(name, message, { cause });
  }
}
