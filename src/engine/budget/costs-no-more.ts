/** In no objective after the first, which is accuracy, `a` is dearer than `b`. */
export function costsNoMore(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, k) => k === 0 || value <= b[k]!);
}
