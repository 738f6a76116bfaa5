/**
 * Partial allocations of the first layers, none beaten in both sums: `a` strictly ascending, `b`
 * strictly descending. Each state remembers the state it came from and the choice that led to it.
 */
export interface ParetoStates {
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Index into the states of the layer before. */
  readonly parent: Int32Array;
  /** Position among the choices of this layer. */
  readonly choice: Uint16Array;
}

/** The one state before any layer. */
export function emptyState(): ParetoStates {
  return {
    a: new Float64Array(1),
    b: new Float64Array(1),
    parent: new Int32Array(1),
    choice: new Uint16Array(1),
  };
}

/**
 * States with one more layer: all states times all choices, without those that are beaten or
 * equalled in both sums. Each choice moves the whole sorted list; one list after the other is
 * merged in.
 * @param a what each choice adds to the first sum
 * @param b what it adds to the second
 */
export function extendStates(
  states: ParetoStates,
  a: readonly number[],
  b: readonly number[],
): ParetoStates {
  let merged = emptyBuffer(states.a.length);
  let spare = emptyBuffer(0);
  for (const k of a.keys()) {
    const room = merged.size + states.a.length;
    if (spare.a.length < room) spare = emptyBuffer(2 * room);
    spare.size = mergeShifted(merged, states, a[k]!, b[k]!, k, spare);
    [merged, spare] = [spare, merged];
  }
  return {
    a: merged.a.slice(0, merged.size),
    b: merged.b.slice(0, merged.size),
    parent: merged.parent.slice(0, merged.size),
    choice: merged.choice.slice(0, merged.size),
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

interface Buffer extends ParetoStates {
  size: number;
}

function emptyBuffer(room: number): Buffer {
  return {
    a: new Float64Array(room),
    b: new Float64Array(room),
    parent: new Int32Array(room),
    choice: new Uint16Array(room),
    size: 0,
  };
}

/**
 * Merges `states`, each with one more choice, into what is `merged` already; of equals the earlier
 * stays. Returns the size.
 */
function mergeShifted(
  merged: Buffer,
  states: ParetoStates,
  addA: number,
  addB: number,
  choice: number,
  out: Buffer,
): number {
  const { a: mergedA, b: mergedB, parent: mergedParent, choice: mergedChoice } = merged;
  const { a: statesA, b: statesB } = states;
  const { a: outA, b: outB, parent: outParent, choice: outChoice } = out;
  const [sizeM, sizeS] = [merged.size, statesA.length];
  let [i, j, size] = [0, 0, 0];
  let least = Number.POSITIVE_INFINITY;
  let headM = sizeM > 0 ? mergedA[0]! : Number.POSITIVE_INFINITY;
  let headS = statesA[0]! + addA;
  while (i < sizeM || j < sizeS) {
    if (headM < headS || (headM === headS && (j >= sizeS || mergedB[i]! <= statesB[j]! + addB))) {
      const value = mergedB[i]!;
      if (value < least) {
        least = value;
        // Rounding may have put two of one list side by side: the lower one takes the place.
        if (size > 0 && outA[size - 1] === headM) size--;
        outA[size] = headM;
        outB[size] = value;
        outParent[size] = mergedParent[i]!;
        outChoice[size++] = mergedChoice[i]!;
      }
      i++;
      headM = i < sizeM ? mergedA[i]! : Number.POSITIVE_INFINITY;
    } else {
      const value = statesB[j]! + addB;
      if (value < least) {
        least = value;
        if (size > 0 && outA[size - 1] === headS) size--;
        outA[size] = headS;
        outB[size] = value;
        outParent[size] = j;
        outChoice[size++] = choice;
      }
      j++;
      headS = j < sizeS ? statesA[j]! + addA : Number.POSITIVE_INFINITY;
    }
  }
  return size;
}
