import fc from "fast-check";
import type { GeneValue } from "../../src/genes/gene.js";
import { type LayerSpace, SEARCHED_SETTINGS, settingOf } from "../../src/genes/precision.js";
import type { GeneSpaceOptions } from "../../src/genome/gene-space.js";
import { layerNames } from "./arbitraries.js";

/** Values of a range that tests draw from. */
const SOME_SIZES = [8, 16, 32, 64];

/** Some of the values of every searched setting, as the declarations have them. */
export const layerSpaces: fc.Arbitrary<LayerSpace> = fc.record(
  Object.fromEntries(
    SEARCHED_SETTINGS.map(({ name, choices }) => {
      const { values } = settingOf(name);
      const all: readonly GeneValue[] = typeof values === "function" ? values() : SOME_SIZES;
      return [choices, fc.subarray([...all], { minLength: 1 })];
    }),
  ),
) as unknown as fc.Arbitrary<LayerSpace>;

/** Spaces of 1 to 7 layers, each of its own, without ties, pins or uniform precision. */
export const freeSpaces: fc.Arbitrary<GeneSpaceOptions> = fc
  .uniqueArray(layerNames, { minLength: 1, maxLength: 7 })
  .chain((names) =>
    fc.array(layerSpaces, { minLength: names.length, maxLength: names.length }).map((spaces) => ({
      space: { layers: new Map(names.map((name, i) => [name, spaces[i]!])), ties: [] },
      parameterCounts: new Map(names.map((name, i) => [name, 10 + i])),
    })),
  );

/** Spaces of layers that share one, with ties, pins and uniform precision. */
export const boundSpaces: fc.Arbitrary<GeneSpaceOptions> = fc
  .record({
    names: fc.uniqueArray(layerNames, { minLength: 2, maxLength: 7 }),
    space: layerSpaces,
    tied: fc.nat(3),
    pin: fc.nat(6),
    uniformPrecision: fc.boolean(),
  })
  .map(({ names, space, tied, pin, uniformPrecision }) => {
    const ties = tied < 2 ? [] : [names.slice(0, Math.min(tied, names.length)).reverse()];
    const pinnedName = names[pin];
    const group = ties.find((tie) => pinnedName !== undefined && tie.includes(pinnedName));
    const fields = { weightBits: 8, useSymmetric: false } as const;
    const pinned = new Map(
      (pinnedName === undefined ? [] : (group ?? [pinnedName])).map((name) => [name, fields]),
    );
    const pinnedSpace: LayerSpace = { ...space, weightBits: [8] };
    const layers = new Map(names.map((name) => [name, pinned.has(name) ? pinnedSpace : space]));
    return { space: { layers, ties }, pinned, uniformPrecision };
  });

/** Both. */
export const anySpaces = fc.oneof(freeSpaces, boundSpaces);
