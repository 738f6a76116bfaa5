/**
 * Whether two values are equal in structure. Numbers are compared as by Object.is but for the sign
 * of 0, arrays and typed arrays element by element, Maps entry by entry in any order, other objects
 * field by field. A field that is undefined is as good as none.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  if (a instanceof Map && b instanceof Map)
    return (
      a.size === b.size &&
      [...a].every(([key, value]) => b.has(key) && sameValue(value, b.get(key)))
    );
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]);
  const [left, right] = [a, b] as Record<string, unknown>[];
  for (const field of fields) if (!sameValue(left![field], right![field])) return false;
  return true;
}
