import { instanceFor } from "../simd/simd.js";
import { STAGE_IN, STAGED_ELEMENTS, TABLE_A, TABLE_B } from "../simd/simd-instance.js";

/** Below this, staging costs more than it gains. */
const FEWEST = 64;

/** Least and greatest of finite values (zero always +0); Infinity and -Infinity for none. */
export function valueRange(values: Float32Array): { min: number; max: number } {
  const instance = values.length < FEWEST ? undefined : instanceFor(values);
  if (instance !== undefined) {
    const { kernels, f32 } = instance;
    f32[TABLE_A >> 2] = Number.POSITIVE_INFINITY;
    f32[TABLE_B >> 2] = Number.NEGATIVE_INFINITY;
    const address = instance.addressOf(values);
    const most = address >= 0 ? values.length : STAGED_ELEMENTS;
    for (let start = 0; start < values.length; start += most) {
      const length = Math.min(most, values.length - start);
      if (address < 0) instance.copyIn(values, 4 * start, 4 * length, STAGE_IN);
      kernels.rangeOfRuns(
        address >= 0 ? address : STAGE_IN,
        length,
        length,
        length,
        0,
        0,
        1,
        TABLE_A,
        TABLE_B,
      );
    }
    return { min: f32[TABLE_A >> 2]! + 0, max: f32[TABLE_B >> 2]! + 0 };
  }
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!;
    if (x < min) min = x;
    if (x > max) max = x;
  }
  return { min: min + 0, max: max + 0 };
}
