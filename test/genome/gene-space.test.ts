import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MODEL } from "../../src/genes/gene.js";
import type { GeneKind } from "../../src/genes/gene-kind.js";
import { defaultLayerSpace } from "../../src/genes/search-space.js";
import { GeneSpace, type GeneSpaceOptions } from "../../src/genome/gene-space.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { modelFromLayers } from "../../src/model/model-from-layers.js";
import { Random } from "../../src/random/random.js";
import { layerFields } from "./arbitraries.js";
import { breaches } from "./breaches.js";
import { anySpaces } from "./space-arbitraries.js";

const spaceOf = (options: GeneSpaceOptions) => new GeneSpace(options);

describe("GeneSpace", () => {
  it("refuses a unit or setting that there is not, and only those", () => {
    const space = spaceOf({
      space: {
        layers: new Map([["a", { ...defaultLayerSpace, activationBits: [8] }]]),
        ties: [],
      },
    });
    expect(space.geneOfUnit(0, "weightBits")).toBeGreaterThanOrEqual(0);
    expect(space.geneOfUnit(0, "activationBits")).toBe(-1); // nothing to choose
    for (const unit of [99, 1, -1, 0.5, Number.NaN, undefined])
      for (const call of [
        () => space.geneOfUnit(unit as number, "weightBits"),
        () => space.configOf(new Uint16Array(space.genes.length), unit as number),
      ])
        expect(call).toThrow(
          expect.objectContaining({
            path: "unit",
            message: `unit is ${unit}; allowed: an integer from 0 to 0`,
          }),
        );
    expect(() => space.geneOfUnit(0, "weightBit" as never)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        path: "name",
        message: expect.stringMatching(/^name is "weightBit"; allowed: weightBits, /),
      }),
    );
  });

  it("decodes every vector to a genome within choices, ties, pins and uniform precision", () => {
    fc.assert(
      fc.property(anySpaces, fc.nat(), (options, seed) => {
        const space = spaceOf(options);
        const random = new Random(seed);
        const vector = Uint16Array.from(space.counts, (count) => random.integer(count));
        expect(breaches(space.decode(vector), options)).toEqual([]);
      }),
    );
  });

  it("has one vector for genomes that quantize alike, which encode gives back", () => {
    fc.assert(
      fc.property(anySpaces, fc.nat(), (options, seed) => {
        const space = spaceOf(options);
        const random = new Random(seed);
        const raw = Uint16Array.from(space.counts, (count) => random.integer(count));
        const normal = raw.slice();
        space.normalize(normal);
        expect(space.decode(normal).key).toBe(space.decode(raw).key);
        expect([...space.encode(space.decode(raw))]).toEqual([...normal]);
        const [a, b] = [space.draw(random), space.draw(random)];
        expect(space.decode(a).key === space.decode(b).key).toBe(a.join() === b.join());
      }),
    );
  });

  it("encodes any genome to one within the space, numbers to the nearest choice", () => {
    fc.assert(
      fc.property(anySpaces, fc.array(layerFields, { minLength: 7 }), (options, fields) => {
        const space = spaceOf(options);
        const names = [...options.space.layers.keys()];
        const wild = new QuantizationGenome({
          layerConfigs: Object.fromEntries(names.map((name, i) => [name, fields[i]!])),
        });
        const tamed = space.decode(space.encode(wild));
        expect(breaches(tamed, options)).toEqual([]);
        expect(space.decode(space.encode(tamed)).key).toBe(tamed.key);
        if (options.uniformPrecision || options.space.ties.length > 0) return;
        for (const name of names) {
          if (options.pinned?.has(name)) continue;
          const widths = options.space.layers.get(name)!.weightBits;
          const wanted = wild.layerConfigs.get(name)!.weightBits;
          const got = tamed.layerConfigs.get(name)!.weightBits;
          for (const bits of widths)
            expect(Math.abs(got - wanted)).toBeLessThanOrEqual(Math.abs(bits - wanted));
        }
      }),
    );
  });

  it("gives tied layers one unit at the place of the first, and every owner its genes once", () => {
    const layers = new Map(["a", "b", "c", "d"].map((name) => [name, defaultLayerSpace]));
    const space = spaceOf({ space: { layers, ties: [["c", "b"]] } });
    expect(space.units.map((unit) => unit.layers)).toEqual([["a"], ["b", "c"], ["d"]]);
    const places = space.owners.flatMap(({ genes }) => genes);
    expect(places.toSorted((a, b) => a - b)).toEqual([...space.genes.keys()]);
    expect(space.indexOf("b", "weightBits")).toBe(space.geneOfUnit(1, "weightBits"));
    expect(space.indexOf("c", "weightBits")).toBe(-1);
  });

  it("has one gene of bits for the whole model under uniform precision", () => {
    const layers = new Map(["a", "b"].map((name) => [name, defaultLayerSpace]));
    const space = spaceOf({ space: { layers, ties: [] }, uniformPrecision: true });
    expect(space.genes.filter(({ name }) => name === "weightBits")).toHaveLength(1);
    expect(space.indexOf(MODEL, "weightBits")).toBeGreaterThanOrEqual(0);
    const narrow = new Map([
      ["a", { ...defaultLayerSpace, weightBits: [2] as const }],
      ["b", { ...defaultLayerSpace, weightBits: [8] as const }],
    ]);
    expect(() => spaceOf({ space: { layers: narrow, ties: [] }, uniformPrecision: true })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", path: "weightBits" }),
    );
  });

  it("steps one gene that has an effect, ordered ones to a neighbour", () => {
    fc.assert(
      fc.property(anySpaces, fc.nat(), (options, seed) => {
        const space = spaceOf(options);
        const random = new Random(seed);
        for (const owner of space.owners) {
          const before = space.draw(random);
          const after = before.slice();
          space.stepOwner(after, owner, random);
          const changed = owner.genes.filter((gene) => after[gene] !== before[gene]);
          const movable = owner.genes.some((gene) => space.isActive(before, gene));
          expect(changed.length).toBe(movable ? 1 : 0);
          for (const gene of changed) {
            expect(space.isActive(before, gene)).toBe(true);
            if (space.genes[gene]!.ordered) expect(Math.abs(after[gene]! - before[gene]!)).toBe(1);
          }
        }
      }),
    );
  });

  it("refuses a kind of gene whose default is no choice", () => {
    const model = modelFromLayers(["a"]);
    const kind: GeneKind = {
      name: "x",
      default: 3,
      ordered: false,
      share: 1,
      places: () => [{ owner: "a", layers: ["a"], choices: [1, 2] }],
    };
    const layers = new Map([["a", defaultLayerSpace]]);
    expect(() => spaceOf({ space: { layers, ties: [] }, kinds: [kind], model })).toThrow(
      expect.objectContaining({ path: "genes.x" }),
    );
  });
});
