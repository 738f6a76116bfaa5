import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import { tiedLayers } from "../../../src/hardware/profile/tied-layers.js";
import { hardwareProfiles } from "../../../src/hardware/registry.js";
import { RooflineCostModel } from "../../../src/hardware/roofline/roofline-cost-model.js";
import type { LayerSpec, ModelSpec } from "../../../src/model/layer-spec.js";
import { uniformGenome } from "../../_contracts/hardware-cost-model.js";

const profileOf = (target: string) =>
  hardwareProfiles.find((profile) => profile.target === target)!;

function layer(
  name: string,
  inputs: readonly string[],
  kind: LayerSpec["kind"] = "matmul",
): LayerSpec {
  return {
    name,
    kind,
    inputs,
    parameterCount: 64 * 64,
    macs: 64 * 64 * 8,
    inputShape: [1, 8, 64],
    outputShape: [1, 8, 64],
    weightLayout: { shape: [64, 64], channelAxis: 0, groupAxis: 1 },
  };
}

const block: ModelSpec = {
  name: "block",
  source: "user",
  layers: [
    layer("in", []),
    layer("query", ["in"]),
    layer("key", ["in"]),
    layer("value", ["in"]),
    layer("out", ["value"]),
    layer("gate", ["in", "out"]),
    layer("up", ["in", "out"]),
    layer("down", ["up"]),
    layer("head", ["in", "out", "down"]),
  ],
};

describe("tiedLayers", () => {
  it("ties q/k/v, gate/up and the residual stream on TensorRT", () => {
    expect(tiedLayers(block, profileOf("nvidia-tensorrt"))).toEqual([
      ["in", "out", "down"],
      ["query", "key", "value"],
      ["gate", "up"],
    ]);
  });

  it("ties only what is added on Hexagon, and nothing where nothing is needed", () => {
    expect(tiedLayers(block, profileOf("qualcomm-hexagon"))).toEqual([["in", "out", "down"]]);
    for (const target of ["arm-neon", "arm-dot", "apple-neural-engine", "intel-vnni"])
      expect(tiedLayers(block, profileOf(target))).toEqual([]);
  });

  it("does not tie what is concatenated, nor other inputs", () => {
    const wide = { ...layer("c", ["a", "b"]), inputShape: [1, 16, 64] };
    const model: ModelSpec = {
      name: "m",
      source: "user",
      layers: [layer("a", []), layer("b", ["a"]), wide],
    };
    expect(tiedLayers(model, profileOf("nvidia-tensorrt"))).toEqual([]);
  });

  it("gives disjoint groups of the model's layers, whatever the wiring", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 15 }),
        (wires) => {
          const layers = wires.map((from, index) =>
            layer(`l${index}`, index === 0 ? [] : from.map((at) => `l${at % index}`)),
          );
          const model: ModelSpec = { name: "m", source: "user", layers };
          const names = tiedLayers(model, profileOf("nvidia-tensorrt")).flat();
          expect(new Set(names).size).toBe(names.length);
          for (const name of names) expect(layers.some((one) => one.name === name)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("merged products", () => {
  it("cost less than apart, and only while they agree", () => {
    const costModel = new RooflineCostModel(profileOf("nvidia-tensorrt"));
    const same = uniformGenome(block);
    const other = same.with({
      layerConfigs: new Map([
        ...same.layerConfigs,
        ["key", new LayerQuantConfig({ activationScheme: "symmetric", weightBits: 6 })],
      ]),
    });
    const ms = (genome: typeof same, name: string) =>
      costModel.estimate(block, genome).layers.find((one) => one.name === name)
        ?.latencyMs as number;
    expect(ms(same, "query")).toBeGreaterThan(ms(same, "key"));
    expect(ms(other, "key")).toBeGreaterThan(ms(same, "key") + 0.005);
    expect(ms(other, "value")).toBe(ms(same, "value"));
  });
});
