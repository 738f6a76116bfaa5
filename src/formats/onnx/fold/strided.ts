/** Row-major strides of a shape. */
export function rowMajorStrides(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis]!;
  }
  return strides;
}

/** Strides by which `dims` is read as the shape `to` that it broadcasts to; 0 where repeated. */
export function broadcastStrides(dims: readonly number[], to: readonly number[]): number[] {
  const strides = rowMajorStrides(dims);
  const missing = to.length - dims.length;
  return to.map((_, axis) =>
    axis < missing || dims[axis - missing] === 1 ? 0 : strides[axis - missing]!,
  );
}

/**
 * Visits the elements of a tensor of shape `dims` in row-major order, with the position that each
 * has in a flat source read by `strides` from `offset`.
 */
export function visitStrided(
  dims: readonly number[],
  strides: readonly number[],
  offset: number,
  visit: (position: number, index: number) => void,
): void {
  const count = dims.reduce((product, extent) => product * extent, 1);
  const at = new Array<number>(dims.length).fill(0);
  let position = offset;
  for (let index = 0; index < count; index++) {
    visit(position, index);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      if (++at[axis]! < dims[axis]!) break;
      position -= strides[axis]! * dims[axis]!;
      at[axis] = 0;
    }
  }
}
