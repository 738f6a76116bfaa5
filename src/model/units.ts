/**
 * Groups layers that must have equal settings. The layers of a tie form one unit, and any other
 * layer is a unit of its own. Ties that share a layer, directly or through other ties, form one
 * unit.
 * @param names the layers in model order, each once: names, or any values that are equal by `===`
 * @param ties groups of layers; an entry that is not among `names` is ignored
 * @returns every layer exactly once; each unit in model order, and the units in the order of their
 *   first layers
 *
 * @example
 * ```ts
 * tiedUnits(["a", "b", "c", "d"], [["d", "b"]]); // [["a"], ["b", "d"], ["c"]]
 * ```
 */
export function tiedUnits<T>(
  names: Iterable<T>,
  ties: Iterable<readonly T[]>,
): readonly (readonly T[])[] {
  const order = [...names];
  const placeOf = new Map(order.map((name, place) => [name, place]));
  // A union-find forest in which every root is the first place of its unit.
  const parent = order.map((_, place) => place);
  const rootOf = (place: number): number => {
    let root = place;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root]!]!;
      root = parent[root]!;
    }
    return root;
  };
  for (const tie of ties) {
    const [first, ...others] = tie.flatMap((name) => placeOf.get(name) ?? []);
    for (const other of others) {
      const [a, b] = [rootOf(first!), rootOf(other)];
      parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const units = new Map<number, T[]>();
  for (const [place, name] of order.entries()) {
    const unit = units.get(rootOf(place));
    if (unit === undefined) units.set(place, [name]);
    else unit.push(name);
  }
  return [...units.values()];
}
