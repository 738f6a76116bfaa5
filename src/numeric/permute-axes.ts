/**
 * A tensor with its axes in another order, as ONNX Transpose: axis `i` of the result is axis
 * `permutation[i]` of the tensor.
 * @param values row-major over `shape`
 * @param permutation each axis of `shape` once
 */
export function permuteAxes(
  values: Float32Array,
  shape: readonly number[],
  permutation: readonly number[],
): Float32Array {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  const extents = permutation.map((axis) => shape[axis]!);
  const steps = permutation.map((axis) => strides[axis]!);
  const place = new Array<number>(shape.length).fill(0);
  const result = new Float32Array(values.length);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = values[from]!;
    for (let axis = place.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++place[axis]! < extents[axis]!) break;
      from -= steps[axis]! * extents[axis]!;
      place[axis] = 0;
    }
  }
  return result;
}

/** The permutation that undoes another. */
export function inversePermutation(permutation: readonly number[]): number[] {
  const inverse = new Array<number>(permutation.length);
  permutation.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}
