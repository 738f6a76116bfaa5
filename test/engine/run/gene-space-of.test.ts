import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../../src/engine/config.js";
import { geneSpaceOf } from "../../../src/engine/run/gene-space-of.js";
import {
  costModelFor,
  type LayerSpec,
  type ModelSpec,
  type QuantizationEvolutionConfig,
} from "../../../src/index.js";
import { Random } from "../../../src/random/random.js";

const layer = (name: string, channels: number, depth: number): LayerSpec => ({
  name,
  kind: "matmul",
  parameterCount: channels * depth,
  macs: channels * depth,
  inputShape: [1, depth],
  outputShape: [1, channels],
  weightLayout: { shape: [channels, depth], channelAxis: 0, groupAxis: 1 },
});
const model: ModelSpec = {
  name: "test",
  source: "user",
  layers: [layer("wide", 8, 100), layer("narrow", 8, 16), layer("tiny", 8, 9)],
};
const spaceOf = (
  config: QuantizationEvolutionConfig,
  target: Parameters<typeof costModelFor>[0] = "arm-neon",
) => geneSpaceOf(model, resolveConfig(config), costModelFor(target));

describe("geneSpaceOf", () => {
  it(
    "drops group sizes that are not shorter than the reduction axis, and per-group with the " +
      "last",
    () => {
      const { layers } = spaceOf({ groupSizes: [16, 32, 64, 128] });
      // XNNPACK takes blocks of multiples of 32 only.
      expect(layers.get("wide")?.groupSizes).toEqual([32, 64]);
      expect(layers.get("wide")?.granularities).toContain("per-group");
      expect(layers.get("narrow")?.granularities).toEqual(["per-tensor", "per-channel"]);
      expect(layers.get("tiny")?.granularities).toEqual(["per-tensor", "per-channel"]);
    },
  );

  it("takes bits, schemes and methods from the configuration", () => {
    const layer = spaceOf({
      weightBitChoices: [4, 8],
      activationBitChoices: [16, 8],
      weightSchemes: ["symmetric"],
      activationSchemes: ["asymmetric"],
      calibrationMethods: ["entropy"],
    }).layers.get("wide");
    expect(layer).toMatchObject({
      weightBits: [4, 8],
      activationBits: [8, 16],
      weightSchemes: ["symmetric"],
      activationSchemes: ["asymmetric"],
      calibrationMethods: ["entropy"],
    });
  });

  it("makes a pinned setting the only choice, also out of range", () => {
    const space = spaceOf({
      layerOverrides: { tiny: { weightBits: 16, granularity: "per-group", activationBits: 32 } },
    });
    expect(space.layers.get("tiny")).toMatchObject({
      weightBits: [16],
      activationBits: [32],
      granularities: ["per-group"],
    });
    expect(space.layers.get("tiny")?.groupSizes.length).toBe(1);
    expect(space.layers.get("wide")?.weightBits).toEqual([4, 5, 6, 8]);
  });

  it("gives tied layers what all of them allow, and the pins of any of them", () => {
    const space = spaceOf({
      tiedLayers: [["wide", "narrow"]],
      layerOverrides: { narrow: { weightBits: 6 } },
    });
    expect(space.layers.get("wide")).toBe(space.layers.get("narrow"));
    expect(space.layers.get("wide")?.granularities).not.toContain("per-group");
    const widths = space.draw(new Random(1));
    expect(space.decode(widths).layerConfigs.get("wide")?.weightBits).toBe(6);
    expect(space.indexOf("wide", "weightBits")).toBe(-1);
  });

  it("refuses tied layers that are pinned apart", () => {
    expect(() =>
      spaceOf({
        tiedLayers: [["wide", "narrow"]],
        layerOverrides: { wide: { weightBits: 4 }, narrow: { weightBits: 6 } },
      }),
    ).toThrow(
      expect.objectContaining({ code: "INVALID_CONFIG", path: "layerOverrides.narrow.weightBits" }),
    );
  });

  it("leaves out what the target always refuses, and keeps every list filled", () => {
    for (const target of ["nvidia-tensorrt", "apple-neural-engine", "qualcomm-hexagon"] as const)
      for (const layer of spaceOf({ minBits: 1, maxBits: 32 }, target).layers.values())
        for (const [name, values] of Object.entries(layer))
          if (name !== "groupSizes") expect(values.length, `${target} ${name}`).toBeGreaterThan(0);
    const schemes = spaceOf({}, "nvidia-tensorrt").layers.get("wide")?.weightSchemes;
    expect(schemes).not.toContain("asymmetric");
  });

  it("ties what the target's runtime fuses, together with the ties asked for", () => {
    const product = (name: string, inputs: readonly string[]): ModelSpec["layers"][number] => ({
      name,
      kind: "matmul",
      parameterCount: 4096,
      macs: 4096,
      inputShape: [1, 1, 64],
      outputShape: [1, 1, 64],
      inputs,
    });
    const fused: ModelSpec = {
      name: "attention",
      source: "user",
      layers: [
        product("in", []),
        product("q", ["in"]),
        product("k", ["in"]),
        product("v", ["in"]),
        product("out", ["v"]),
      ],
    };
    const ties = (target: "nvidia-tensorrt" | "arm-neon", tiedLayers: string[][] = []) =>
      geneSpaceOf(fused, resolveConfig({ tiedLayers }), costModelFor(target)).ties;
    expect(ties("nvidia-tensorrt")).toEqual([["q", "k", "v"]]);
    expect(ties("arm-neon")).toEqual([]);
    expect(ties("nvidia-tensorrt", [["out", "k"]]).map((tie) => [...tie].sort())).toEqual([
      ["k", "out", "q", "v"],
    ]);
    expect(ties("arm-neon", [["out", "k"]])).toEqual([["k", "out"]]);
  });
});
