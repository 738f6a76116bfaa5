import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { GenomeCache } from "../../src/evaluation/genome-cache.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";

const genomes = Array.from(
  { length: 8 },
  (_, i) => new QuantizationGenome({ layerConfigs: { [`layer${i}`]: {} } }),
);

describe("GenomeCache", () => {
  it("finds a genome by what it does, not by which object it is", () => {
    const cache = new GenomeCache<number>();
    const config = new LayerQuantConfig({ granularity: "per-channel", groupSize: 32 });
    cache.set(new QuantizationGenome({ layerConfigs: { a: config } }), 7);
    expect(
      cache.get(new QuantizationGenome({ layerConfigs: { a: config.with({ groupSize: 64 }) } })),
    ).toBe(7);
    expect(
      cache.get(new QuantizationGenome({ layerConfigs: { a: config.with({ weightBits: 4 }) } })),
    ).toBeUndefined();
    expect([cache.hits, cache.misses, cache.size]).toEqual([1, 1, 1]);
    cache.clear();
    expect([cache.hits, cache.misses, cache.size]).toEqual([0, 0, 0]);
  });

  it("drops the least recently used, as a list kept by hand does", () => {
    const operation = fc.tuple(fc.boolean(), fc.nat(7));
    fc.assert(
      fc.property(fc.array(operation), fc.integer({ min: 1, max: 5 }), (operations, capacity) => {
        const cache = new GenomeCache<number>(capacity);
        let list: { i: number; value: number }[] = [];
        for (const [step, [write, i]] of operations.entries()) {
          const known = list.find((entry) => entry.i === i);
          list = list.filter((entry) => entry.i !== i);
          if (write) {
            cache.set(genomes[i]!, step);
            list.push({ i, value: step });
            list = list.slice(-capacity);
          } else {
            expect(cache.get(genomes[i]!)).toBe(known?.value);
            if (known) list.push(known);
          }
          expect(cache.size).toBe(list.length);
        }
      }),
    );
  });

  it("remembers undefined as a value, and refuses odd capacities", () => {
    const cache = new GenomeCache<undefined>();
    cache.set(genomes[0]!, undefined);
    cache.get(genomes[0]!);
    expect(cache.hits).toBe(1);
    for (const capacity of [0, -1, 2.5, Number.NaN])
      expect(() => new GenomeCache(capacity)).toThrow(InvalidArgumentError);
  });
});
