import fc from "fast-check";
import type { LayerSpace } from "../../src/genes/precision.js";
import type { SearchRules } from "../../src/operators/index.js";
import { layerNames } from "../genome/arbitraries.js";

const some = <T>(values: readonly T[]) =>
  fc.subarray([...values], { minLength: 1 }) as fc.Arbitrary<readonly T[]>;

export const layerSpaces: fc.Arbitrary<LayerSpace> = fc.record({
  weightBits: some([1, 1.58, 2, 3, 4, 5, 6, 8, 16, 32] as const),
  activationBits: some([4, 8, 16, 32] as const),
  weightSchemes: some(["symmetric", "asymmetric", "power-of-two"] as const),
  activationSchemes: some(["symmetric", "asymmetric", "power-of-two"] as const),
  granularities: some(["per-tensor", "per-channel", "per-group"] as const),
  groupSizes: some([8, 16, 32, 64] as const),
  calibrationMethods: some(["min-max", "percentile", "mse", "entropy"] as const),
});

/**
 * Rules over 1 to 7 layers, each with a space of its own, without ties, pins or uniform precision.
 */
export const freeRules: fc.Arbitrary<SearchRules> = fc
  .uniqueArray(layerNames, { minLength: 1, maxLength: 7 })
  .chain((names) =>
    fc.array(layerSpaces, { minLength: names.length, maxLength: names.length }).map((spaces) => ({
      layers: new Map(names.map((name, i) => [name, spaces[i]!])),
      ties: [],
      pinned: new Map(),
      uniformPrecision: false,
      parameterCounts: new Map(names.map((name, i) => [name, 10 + i])),
    })),
  );

/** Rules over layers that share one space, with ties, pins and uniform precision. */
export const boundRules: fc.Arbitrary<SearchRules> = fc
  .record({
    names: fc.uniqueArray(layerNames, { minLength: 2, maxLength: 7 }),
    space: layerSpaces,
    tied: fc.nat(3),
    pin: fc.nat(6),
    uniformPrecision: fc.boolean(),
  })
  .map(({ names, space, tied, pin, uniformPrecision }) => {
    const ties = tied < 2 ? [] : [names.slice(0, Math.min(tied, names.length))];
    const pinnedName = names[pin];
    const group = ties.find((tie) => pinnedName !== undefined && tie.includes(pinnedName));
    const fields = { weightBits: 8, useSymmetric: false } as const;
    const pinned = new Map(
      (pinnedName === undefined ? [] : (group ?? [pinnedName])).map((name) => [name, fields]),
    );
    const pinnedSpace: LayerSpace = { ...space, weightBits: [8] };
    return {
      layers: new Map(names.map((name) => [name, pinned.has(name) ? pinnedSpace : space])),
      ties,
      pinned,
      uniformPrecision,
      parameterCounts: new Map(),
    };
  });
