/** True when the arrays have bytes in common. */
export function overlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return (
    a.buffer === b.buffer &&
    a.byteOffset < b.byteOffset + b.byteLength &&
    b.byteOffset < a.byteOffset + a.byteLength
  );
}

/**
 * The input, or a copy where writing `output` element by element would overwrite what is still to
 * be read: where they overlap other than exactly in place.
 */
export function apartFrom<
  T extends ArrayBufferView & { readonly BYTES_PER_ELEMENT: number; slice(): T },
>(output: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }, input: T): T {
  const inPlace =
    input.byteOffset === output.byteOffset && input.BYTES_PER_ELEMENT === output.BYTES_PER_ELEMENT;
  return inPlace || !overlap(input, output) ? input : input.slice();
}
