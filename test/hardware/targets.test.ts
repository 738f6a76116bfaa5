import { describe, expect, it } from "vitest";
import { defaultLayerSpace } from "../../src/genes/search-space.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { HardwareTarget } from "../../src/hardware/contract.js";
import { costModelFor, hardwareDevices, hardwareProfiles } from "../../src/hardware/registry.js";
import { supportedLayerSpace } from "../../src/hardware/supported-layer-space.js";
import type { LayerSpec, ModelSpec } from "../../src/model/layer-spec.js";
import {
  contractModel,
  describeHardwareCostModel,
  uniformGenome,
} from "../_contracts/hardware-cost-model.js";

for (const profile of hardwareProfiles)
  describeHardwareCostModel(profile.target, () => costModelFor(profile.target as HardwareTarget));

const layerOf = (name: string) =>
  contractModel.layers.find((one) => one.name === name) as LayerSpec;
const support = (target: HardwareTarget, name: string, fields: Partial<LayerQuantConfigFields>) =>
  costModelFor(target).supports(
    layerOf(name),
    new LayerQuantConfig({ activationScheme: "symmetric", ...fields }),
  );

describe("the built-in profiles", () => {
  it("cover the six targets, once each", () => {
    expect(hardwareProfiles.map((profile) => profile.target)).toEqual(
      Object.values(HardwareTarget),
    );
  });

  it("give every number a unit, a source and a tag, and cannot be changed", () => {
    let figures = 0;
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      expect(Object.isFrozen(value), path).toBe(true);
      const entries = Object.entries(value);
      if (typeof (value as { value?: unknown }).value === "number") {
        figures++;
        expect(entries.map(([key]) => key).sort(), path).toEqual([
          "source",
          "tag",
          "unit",
          "value",
        ]);
        expect((value as { source: string }).source.length, path).toBeGreaterThan(15);
        return;
      }
      for (const [key, part] of entries) {
        // Bare numbers are format descriptions, not measurements.
        if (typeof part === "number")
          expect([
            "schemaVersion",
            "bits",
            "storageBits",
            "minOutputChannels",
            "groupSizeMultipleOf",
            "inputChannelsNotMultipleOf",
            "outputChannelsNotMultipleOf",
          ]).toContain(key);
        // Lists of bits and group sizes are conditions of rules.
        const numbers = Array.isArray(part) && part.every((item) => typeof item === "number");
        if (!numbers) walk(part, `${path}.${key}`);
      }
    };
    for (const profile of hardwareDevices) walk(profile, `${profile.target} ${profile.deviceId}`);
    expect(figures).toBeGreaterThan(hardwareDevices.length * 15);
  });

  it.each<
    [HardwareTarget, string, Partial<LayerQuantConfigFields>, string, number, number, string]
  >([
    // target, layer, asked for, status, weight bits, activation bits, arithmetic (hardware-facts,
    // fall-back table)
    ["arm-neon", "ffn", { weightBits: 2 }, "emulated", 4, 8, "int8"],
    ["arm-neon", "ffn", { weightBits: 6 }, "emulated", 8, 8, "int8"],
    ["arm-neon", "ffn", { weightBits: 8 }, "native", 8, 8, "int8"],
    ["arm-neon", "ffn", { weightBits: 8, activationBits: 4 }, "emulated", 8, 8, "int8"],
    ["arm-neon", "ffn", { weightBits: 8, activationBits: 16 }, "emulated", 8, 16, "int16"],
    ["arm-neon", "ffn", { weightBits: 16 }, "emulated", 16, 32, "float32"],
    ["arm-neon", "ffn", { weightBits: 4, activationBits: 32 }, "emulated", 4, 32, "float32"],
    ["arm-neon", "ffn", { weightBits: 32, activationBits: 32 }, "native", 32, 32, "float32"],
    [
      "arm-neon",
      "ffn",
      { weightScheme: "asymmetric", granularity: "per-tensor" },
      "emulated",
      8,
      8,
      "int8",
    ],
    ["arm-neon", "ffn", { weightScheme: "asymmetric" }, "refused", 8, 8, "int8"],
    ["arm-neon", "conv", { weightBits: 4 }, "emulated", 8, 8, "int8"],
    [
      "arm-neon",
      "ffn",
      { weightBits: 4, granularity: "per-group", groupSize: 16 },
      "refused",
      4,
      8,
      "int8",
    ],
    ["arm-dot", "ffn", { weightScheme: "asymmetric" }, "refused", 8, 8, "int8"],
    ["arm-neon", "ffn", { weightBits: 1, weightScheme: "asymmetric" }, "emulated", 4, 8, "int8"],
    ["arm-neon", "ffn", { granularity: "per-group" }, "emulated", 8, 8, "int8"],
    ["arm-dot", "ffn", { weightBits: 2 }, "emulated", 2, 8, "int8"],
    ["arm-dot", "ffn", { weightBits: 16 }, "emulated", 16, 16, "float16"],
    [
      "arm-dot",
      "ffn",
      { weightBits: 4, granularity: "per-group", groupSize: 16 },
      "refused",
      4,
      8,
      "int8",
    ],
    [
      "arm-dot",
      "ffn",
      { weightBits: 4, granularity: "per-group", groupSize: 64 },
      "emulated",
      4,
      8,
      "int8",
    ],
    ["qualcomm-hexagon", "ffn", { weightBits: 2 }, "native", 2, 8, "int8"],
    ["qualcomm-hexagon", "ffn", { weightBits: 2, activationBits: 16 }, "emulated", 4, 16, "int16"],
    ["qualcomm-hexagon", "conv", { weightBits: 4 }, "emulated", 8, 8, "int8"],
    ["qualcomm-hexagon", "pointwise", { weightBits: 4 }, "emulated", 4, 8, "int8"],
    ["qualcomm-hexagon", "ffn", { weightBits: 16, activationBits: 8 }, "emulated", 16, 16, "int16"],
    ["qualcomm-hexagon", "ffn", { weightBits: 8, activationBits: 16 }, "native", 8, 16, "int16"],
    [
      "qualcomm-hexagon",
      "ffn",
      { weightBits: 4, granularity: "per-group" },
      "emulated",
      4,
      16,
      "float16",
    ],
    [
      "qualcomm-hexagon",
      "ffn",
      { weightBits: 32, activationBits: 32 },
      "emulated",
      16,
      16,
      "float16",
    ],
    ["apple-neural-engine", "ffn", { weightBits: 6 }, "emulated", 6, 16, "float16"],
    ["apple-neural-engine", "ffn", { weightBits: 8 }, "native", 8, 8, "int8"],
    [
      "apple-neural-engine",
      "ffn",
      { weightBits: 8, weightScheme: "asymmetric" },
      "native",
      8,
      8,
      "int8",
    ],
    [
      "apple-neural-engine",
      "ffn",
      { weightBits: 32, activationBits: 32 },
      "emulated",
      16,
      16,
      "float16",
    ],
    ["nvidia-tensorrt", "ffn", { weightBits: 4 }, "emulated", 4, 16, "float16"],
    [
      "nvidia-tensorrt",
      "ffn",
      { weightBits: 8, weightScheme: "asymmetric" },
      "refused",
      8,
      8,
      "int8",
    ],
    [
      "nvidia-tensorrt",
      "ffn",
      { weightBits: 8, activationScheme: "asymmetric" },
      "refused",
      8,
      8,
      "int8",
    ],
    [
      "nvidia-tensorrt",
      "ffn",
      { weightBits: 8, granularity: "per-group" },
      "refused",
      8,
      16,
      "float16",
    ],
    [
      "nvidia-tensorrt",
      "ffn",
      { weightBits: 8, activationBits: 16 },
      "emulated",
      16,
      16,
      "float16",
    ],
    ["nvidia-tensorrt", "conv", { weightBits: 4 }, "emulated", 8, 8, "int8"],
    [
      "nvidia-tensorrt",
      "ffn",
      { weightBits: 4, granularity: "per-group", groupSize: 128 },
      "emulated",
      4,
      16,
      "float16",
    ],
    [
      "nvidia-tensorrt",
      "ffn",
      { weightBits: 4, granularity: "per-group", groupSize: 32 },
      "refused",
      4,
      16,
      "float16",
    ],
    ["nvidia-tensorrt", "recurrent", { weightBits: 8 }, "emulated", 8, 16, "float16"],
    ["apple-neural-engine", "recurrent", { weightBits: 8 }, "emulated", 8, 32, "float32"],
    ["qualcomm-hexagon", "recurrent", { weightBits: 8 }, "emulated", 8, 32, "float32"],
    ["qualcomm-hexagon", "ffn", { weightScheme: "asymmetric" }, "refused", 8, 8, "int8"],
    ["intel-vnni", "ffn", { weightBits: 8 }, "native", 8, 8, "int8"],
    [
      "intel-vnni",
      "ffn",
      { weightBits: 4, granularity: "per-group" },
      "emulated",
      4,
      32,
      "float32",
    ],
  ])(
    "%s runs %s with %o: %s, w%i a%i in %s",
    (target, name, fields, status, weights, activations, format) => {
      expect(support(target, name, fields)).toMatchObject({
        status,
        weightStorageBits: weights,
        activationStorageBits: activations,
        computeFormat: format,
      });
    },
  );

  it("ignore settings that have no effect", () => {
    const asymmetric = { weightScheme: "asymmetric", activationScheme: "asymmetric" } as const;
    expect(
      support("nvidia-tensorrt", "ffn", { ...asymmetric, weightBits: 32, activationBits: 32 })
        .status,
    ).toBe("native");
    expect(
      support("nvidia-tensorrt", "embedding", { weightBits: 8, activationScheme: "asymmetric" }),
    ).toEqual(support("nvidia-tensorrt", "embedding", { weightBits: 8, activationBits: 16 }));
  });

  it("make padded widths cost at least their container", () => {
    for (const profile of hardwareProfiles) {
      const costModel = costModelFor(profile.target as HardwareTarget);
      // One layer at a time: a narrower model may fit the on-chip memory where the container does
      // not.
      const cost = (spec: LayerSpec, weightBits: 1 | 1.58 | 2 | 3 | 4 | 5 | 6 | 8) => {
        const model: ModelSpec = { name: "one", source: "user", layers: [spec] };
        return costModel.estimate(model, uniformGenome(model, { weightBits })).layers[0];
      };
      for (const bits of [1, 1.58, 2, 3, 5, 6] as const)
        for (const spec of contractModel.layers) {
          const one = cost(spec, bits);
          const whole = cost(spec, bits > 4 ? 8 : 4);
          if (one?.support.weightStorageBits !== whole?.support.weightStorageBits) continue;
          if (one?.support.computeFormat !== whole?.support.computeFormat) continue;
          expect(one?.latencyMs).toBeGreaterThanOrEqual((whole?.latencyMs as number) * (1 - 1e-12));
          expect(one?.storedBytes).toBe(whole?.storedBytes);
        }
    }
  });

  it("rank the int8 speed of a ResNet50-like network as the measured devices do", () => {
    // 54 equal convolutions with the work of ResNet50; measured ms in hardware-facts: NEON is
    // slower than DOT, then VNNI, then the NPUs.
    const model: ModelSpec = {
      name: "resnet50-like",
      source: "user",
      layers: Array.from({ length: 54 }, (_, i) => ({
        name: `conv${i}`,
        kind: "conv",
        parameterCount: 472_000,
        macs: 4.089e9 / 54,
        inputShape: [1, 256, 28, 28],
        outputShape: [1, 256, 28, 28],
      })),
    };
    const ms = (target: HardwareTarget, bits: 8 | 32) =>
      costModelFor(target).estimate(
        model,
        uniformGenome(model, { weightBits: bits, activationBits: bits }),
      ).latencyMs;
    expect(ms("arm-neon", 8)).toBeGreaterThan(ms("arm-dot", 8));
    expect(ms("arm-dot", 8)).toBeGreaterThan(ms("intel-vnni", 8));
    const measured: [HardwareTarget, 8 | 32, number][] = [
      ["intel-vnni", 8, 10.7],
      ["intel-vnni", 32, 18.6],
      ["apple-neural-engine", 8, 0.77],
      ["apple-neural-engine", 32, 1.38],
      ["nvidia-tensorrt", 8, 0.636],
      ["qualcomm-hexagon", 8, 0.687],
      ["qualcomm-hexagon", 32, 1.638],
    ];
    for (const [target, bits, expected] of measured) {
      const ratio = ms(target, bits) / expected;
      expect(ratio, `${target} at ${bits} bits`).toBeGreaterThan(0.6);
      expect(ratio, `${target} at ${bits} bits`).toBeLessThan(1.6);
    }
  });
});

describe("supportedLayerSpace", () => {
  it("drops what a target refuses, and nothing else", () => {
    const space = supportedLayerSpace(
      costModelFor("nvidia-tensorrt"),
      layerOf("ffn"),
      defaultLayerSpace,
    );
    expect(space.weightSchemes).toEqual(["symmetric", "power-of-two"]);
    expect(space.activationSchemes).toEqual(["symmetric", "power-of-two"]);
    expect(space.weightBits).toEqual(defaultLayerSpace.weightBits);
    expect(space.granularities).toEqual(defaultLayerSpace.granularities);
    expect(space.groupSizes).toEqual([64, 128]);
    const dot = supportedLayerSpace(costModelFor("arm-dot"), layerOf("ffn"), defaultLayerSpace);
    expect(dot).toEqual({ ...defaultLayerSpace, groupSizes: [32, 64, 128] });
    expect(
      supportedLayerSpace(costModelFor("intel-vnni"), layerOf("ffn"), defaultLayerSpace),
    ).toEqual(defaultLayerSpace);
  });

  it("keeps a setting whose every value is refused", () => {
    const space = { ...defaultLayerSpace, weightSchemes: ["asymmetric"] as const };
    expect(
      supportedLayerSpace(costModelFor("nvidia-tensorrt"), layerOf("ffn"), space).weightSchemes,
    ).toEqual(["asymmetric"]);
  });
});
