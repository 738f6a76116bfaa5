import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasEffect, type LayerSpace, type SettingName } from "../../src/genes/precision.js";
import { defaultLayerSpace } from "../../src/genes/search-space.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import { mutateLayerConfig } from "../../src/genome/mutate-layer-config.js";
import { Random } from "../../src/random/random.js";
import { layerFields } from "./arbitraries.js";

const point: LayerSpace = {
  weightBits: [4],
  activationBits: [8],
  weightSchemes: ["symmetric"],
  activationSchemes: ["asymmetric"],
  granularities: ["per-channel"],
  groupSizes: [32],
  calibrationMethods: ["mse"],
};

describe("mutateLayerConfig", () => {
  it("changes one setting, to an allowed value; bits by one level", () => {
    fc.assert(
      fc.property(layerFields, fc.string(), (fields, seed) => {
        const before = new LayerQuantConfig(fields);
        const after = mutateLayerConfig(before, defaultLayerSpace, new Random(seed));
        const changed = Object.keys(after.toDict()).filter(
          (key) => after[key as keyof LayerQuantConfig] !== before[key as keyof LayerQuantConfig],
        );
        expect(changed.length).toBeGreaterThan(0);
        // What has an effect only now is drawn with it, when its value was not allowed.
        const others = changed.filter((name) => hasEffect(name as SettingName, before));
        expect(others.length).toBe(1);
        if (changed.includes("weightBits")) {
          const at = defaultLayerSpace.weightBits.indexOf(before.weightBits);
          const to = defaultLayerSpace.weightBits.indexOf(after.weightBits);
          expect(to).toBeGreaterThanOrEqual(0);
          if (at >= 0) expect(Math.abs(at - to)).toBe(1);
        }
      }),
    );
  });

  it("returns the config unchanged when the space is that one point", () => {
    const config = new LayerQuantConfig({ weightBits: 4, calibrationMethod: "mse" });
    expect(mutateLayerConfig(config, point, new Random(1))).toBe(config);
  });

  it("moves the only setting that is free, whatever is drawn", () => {
    const config = new LayerQuantConfig({ weightBits: 4, calibrationMethod: "mse" });
    for (let seed = 0; seed < 20; seed++) {
      const after = mutateLayerConfig(
        config,
        { ...point, activationBits: [8, 16] },
        new Random(seed),
      );
      expect(after.toDict()).toEqual({ ...config.toDict(), activationBits: 16 });
    }
  });

  it("reaches every setting", () => {
    const changed = new Set<string>();
    const config = new LayerQuantConfig({ granularity: "per-group", calibrationMethod: "mse" });
    const random = new Random("reach");
    for (let i = 0; i < 400; i++) {
      const after = mutateLayerConfig(config, defaultLayerSpace, random);
      for (const key of Object.keys(after.toDict()))
        if (after[key as keyof LayerQuantConfig] !== config[key as keyof LayerQuantConfig])
          changed.add(key);
    }
    expect([...changed].sort()).toEqual([
      "activationBits",
      "activationScheme",
      "calibrationMethod",
      "granularity",
      "groupSize",
      "weightBits",
      "weightScheme",
    ]);
  });
});
