/**
 * Partial allocations of the first layers, none beaten in both sums: `a` strictly ascending, `b` strictly
 * descending. Each state remembers the state it came from and the choice that led to it.
 */
export interface ParetoStates {
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Index into the states of the layer before. */
  readonly parent: Int32Array;
  /** Position among the choices of this layer. */
  readonly choice: Int32Array;
}

/** The one state before any layer. */
export function emptyState(): ParetoStates {
  return {
    a: new Float64Array(1),
    b: new Float64Array(1),
    parent: new Int32Array(1),
    choice: new Int32Array(1),
  };
}

/**
 * States with one more layer: all states times all choices, without those that are beaten or equalled in both sums,
 * and without those that `keep` refuses (it must be safe to forget them). A merge of one sorted list per choice.
 * @param a what each choice adds to the first sum
 * @param b what it adds to the second
 */
export function extendStates(
  states: ParetoStates,
  a: readonly number[],
  b: readonly number[],
  keep: (a: number, b: number) => boolean,
): ParetoStates {
  const count = states.a.length;
  const room = count * a.length;
  const next = {
    a: new Float64Array(room),
    b: new Float64Array(room),
    parent: new Int32Array(room),
    choice: new Int32Array(room),
  };
  const heads = new Int32Array(a.length);
  let size = 0;
  let least = Number.POSITIVE_INFINITY;
  for (;;) {
    let from = -1;
    let firstA = Number.POSITIVE_INFINITY;
    let firstB = Number.POSITIVE_INFINITY;
    for (let k = 0; k < a.length; k++) {
      const head = heads[k]!;
      if (head === count) continue;
      const headA = states.a[head]! + a[k]!;
      if (from >= 0 && headA > firstA) continue;
      const headB = states.b[head]! + b[k]!;
      if (from >= 0 && headA === firstA && headB >= firstB) continue;
      from = k;
      firstA = headA;
      firstB = headB;
    }
    if (from < 0) break;
    const parent = heads[from]!++;
    if (firstB >= least || !keep(firstA, firstB)) continue;
    least = firstB;
    next.a[size] = firstA;
    next.b[size] = firstB;
    next.parent[size] = parent;
    next.choice[size] = from;
    size++;
  }
  return {
    a: next.a.slice(0, size),
    b: next.b.slice(0, size),
    parent: next.parent.slice(0, size),
    choice: next.choice.slice(0, size),
  };
}

/** The choice of every layer that led to state `index` of the last one. */
export function traceChoices(history: readonly ParetoStates[], index: number): Int32Array {
  const positions = new Int32Array(history.length);
  let at = index;
  for (let layer = history.length - 1; layer >= 0; layer--) {
    positions[layer] = history[layer]!.choice[at]!;
    at = history[layer]!.parent[at]!;
  }
  return positions;
}
