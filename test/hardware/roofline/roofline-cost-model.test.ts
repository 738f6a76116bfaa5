import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../src/errors.js";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import type { HardwareProfile } from "../../../src/hardware/profile/profile-schema.js";
import { storedWeightBytes } from "../../../src/hardware/profile/stored-weight-bytes.js";
import { costModelFor, hardwareProfiles } from "../../../src/hardware/registry.js";
import { layerRoofline } from "../../../src/hardware/roofline/layer-roofline.js";
import { RooflineCostModel } from "../../../src/hardware/roofline/roofline-cost-model.js";
import { armNeon } from "../../../src/hardware/targets/arm-neon.js";
import { qualcommHexagon } from "../../../src/hardware/targets/qualcomm-hexagon.js";
import type { LayerSpec, ModelSpec } from "../../../src/model/layer-spec.js";
import { quantizedSizeBytes } from "../../../src/quantization/size.js";
import {
  contractModel,
  describeHardwareCostModel,
  uniformGenome,
} from "../../_contracts/hardware-cost-model.js";

type Mutable<T> = { -readonly [Key in keyof T]: Mutable<T[Key]> };

function variant(
  base: HardwareProfile,
  change: (profile: Mutable<HardwareProfile>) => void,
): RooflineCostModel {
  const copy = structuredClone(base) as Mutable<HardwareProfile>;
  change(copy);
  return new RooflineCostModel(copy as HardwareProfile);
}

function dense(name: string, inputs: number, outputs: number, rows: number): LayerSpec {
  return {
    name,
    kind: "matmul",
    parameterCount: inputs * outputs,
    macs: inputs * outputs * rows,
    inputShape: [1, rows, inputs],
    outputShape: [1, rows, outputs],
    weightLayout: { shape: [inputs, outputs], channelAxis: 1, groupAxis: 0 },
  };
}

function chainOf(count: number): ModelSpec {
  return {
    name: "chain",
    source: "user",
    layers: Array.from({ length: count }, (_, i) => dense(`layer_${i}`, 64, 64, 10)),
  };
}

const anyProfile = fc.constantFrom(...hardwareProfiles);
const anyBits = fc.constantFrom(...([1, 2, 4, 6, 8, 16, 32] as const));
const sizes = fc.record({
  inputs: fc.integer({ min: 1, max: 2000 }),
  outputs: fc.integer({ min: 1, max: 2000 }),
  rows: fc.integer({ min: 1, max: 500 }),
});

describe("storedWeightBytes", () => {
  const layer = dense("a", 100, 7, 1);

  it("counts codes, scales and zero points", () => {
    const bytes = (fields: object, storageBits: number, of: LayerSpec = layer) =>
      storedWeightBytes(of, new LayerQuantConfig(fields), storageBits);
    expect(bytes({ weightBits: 4, granularity: "per-tensor" }, 4)).toBe(350 + 4);
    expect(bytes({ weightBits: 4 }, 4)).toBe(350 + 7 * 4);
    expect(bytes({ weightBits: 4, granularity: "per-group", groupSize: 32 }, 4)).toBe(
      350 + 7 * 4 * 4,
    );
    expect(bytes({ weightBits: 4, weightScheme: "asymmetric" }, 4)).toBe(350 + 7 * 4 + 4);
    expect(bytes({ weightBits: 1, weightScheme: "asymmetric" }, 2)).toBe(175 + 7 * 4);
    expect(bytes({ weightBits: 6 }, 8)).toBe(700 + 7 * 4);
    expect(bytes({ weightBits: 32 }, 32)).toBe(2800);
    expect(bytes({ weightBits: 32 }, 16)).toBe(1400);
    const { weightLayout, ...bare } = layer;
    expect(weightLayout).toBeDefined();
    expect(bytes({ granularity: "per-group", groupSize: 32 }, 8, bare)).toBe(700 + 7 * 4 * 4);
    expect(bytes({}, 8, { ...bare, kind: "conv", outputShape: [1, 10, 3, 3] })).toBe(700 + 40);
    expect(bytes({}, 8, { ...bare, outputShape: [] })).toBe(700 + 4);
    expect(bytes({}, 8, { ...bare, parameterCount: 0 })).toBe(0);
    const scalar = { shape: [], channelAxis: 0, groupAxis: 0 };
    expect(bytes({}, 8, { ...bare, parameterCount: 1, weightLayout: scalar })).toBe(1 + 4);
  });

  it("is the bit-exact size where the container has the width asked for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(...([2, 3, 4, 6, 8, 16] as const)),
        fc.constantFrom("symmetric", "asymmetric", "power-of-two"),
        fc.constantFrom("per-tensor", "per-channel", "per-group"),
        fc.integer({ min: 1, max: 70 }),
        (inputs, outputs, bits, scheme, granularity, groupSize) => {
          const config = new LayerQuantConfig({
            weightBits: bits,
            weightScheme: scheme,
            granularity,
            groupSize,
          });
          const axis = granularity === "per-group" ? 0 : 1;
          expect(storedWeightBytes(dense("a", inputs, outputs, 1), config, bits)).toBe(
            quantizedSizeBytes([inputs, outputs], { bits, scheme, granularity, axis, groupSize }),
          );
        },
      ),
    );
  });

  it(
    "agrees with Apple's 1.3B example: 2.63 GB of float16 is 0.747 GB in int4 blocks of 32 " +
      "with float16 scales",
    () => {
      const weights = 2.63e9 / 2;
      const big: LayerSpec = {
        ...dense("big", 1, 1, 1),
        parameterCount: weights,
        weightLayout: { shape: [weights / 1000, 1000], channelAxis: 1, groupAxis: 0 },
      };
      const config = new LayerQuantConfig({
        weightBits: 4,
        granularity: "per-group",
        groupSize: 32,
      });
      const scales = (storedWeightBytes(big, config, 4) - weights / 2) / 4;
      const gigabytes = (weights / 2 + scales * 2) / 1e9;
      expect(gigabytes).toBeGreaterThan(0.98 * 0.747);
      expect(gigabytes).toBeLessThan(1.02 * 0.747);
    },
  );
});

describe("layerRoofline", () => {
  it("is the equation, worked by hand", () => {
    const layer = dense("a", 512, 512, 100);
    const { streamed, resident, storedBytes } = layerRoofline(
      armNeon,
      layer,
      new LayerQuantConfig({
        weightBits: 4,
        weightScheme: "asymmetric",
        granularity: "per-tensor",
      }),
    );
    // TensorFlow Lite stores zero points in 64 bits.
    const stored = 512 * 256 + 4 + 8;
    const moved = 100 * 512 * 2;
    expect(storedBytes).toBe(stored);
    const compute = ((512 * 512 * 100 + 512 * 512) * 1.12 * 1.45) / 69.3e9;
    const memory = stored / 17e9 + moved / 60e9;
    expect(streamed.computeSeconds).toBeCloseTo(compute, 12);
    expect(streamed.memorySeconds).toBeCloseTo(memory, 12);
    expect(streamed.seconds).toBeCloseTo(compute + 0.5 * memory, 12);
    expect(streamed.joules).toBeCloseTo(
      (512 * 512 * 100 * 1.12 * 1.45 * 33 + stored * 150 + moved * 12) * 1e-12,
      12,
    );
    expect(resident.memorySeconds).toBeCloseTo((stored + moved) / 60e9, 12);
  });

  it("charges the scales of groups, the more the smaller they are", () => {
    const compute = (fields: object) =>
      layerRoofline(
        armNeon,
        dense("a", 512, 512, 100),
        new LayerQuantConfig({ weightBits: 4, ...fields }),
      ).streamed.computeSeconds;
    const channels = compute({});
    expect(compute({ granularity: "per-group", groupSize: 32 }) / channels).toBeCloseTo(
      1 + 4 / 32,
      12,
    );
    expect(compute({ granularity: "per-group", groupSize: 128 }) / channels).toBeCloseTo(
      1 + 4 / 128,
      12,
    );
  });

  it("reads only the rows that an embedding looks up", () => {
    const embedding: LayerSpec = {
      name: "e",
      kind: "embedding",
      parameterCount: 1e6,
      macs: 5,
      inputShape: [1, 3],
      outputShape: [1, 3, 100],
    };
    const { streamed, inputBytes } = layerRoofline(armNeon, embedding, new LayerQuantConfig());
    expect(streamed.computeSeconds).toBe(0);
    expect(inputBytes).toBe(12);
    expect(streamed.memorySeconds).toBeCloseTo(300 / 17e9 + (12 + 1200) / 60e9, 15);
    // A table smaller than what is looked up is read once.
    const small = layerRoofline(
      armNeon,
      { ...embedding, parameterCount: 200 },
      new LayerQuantConfig(),
    );
    expect(small.storedBytes).toBe(200 + 100 * 4);
    const tiny = new LayerQuantConfig({ granularity: "per-tensor" });
    expect(
      layerRoofline(armNeon, { ...embedding, parameterCount: 200 }, tiny).streamed.memorySeconds,
    ).toBeCloseTo(204 / 17e9 + (12 + 1200) / 60e9, 15);
  });

  it("sends activations through DRAM when they do not fit the on-chip memory", () => {
    const small = layerRoofline(armNeon, dense("a", 1000, 1000, 999), new LayerQuantConfig());
    const large = layerRoofline(armNeon, dense("a", 1000, 1000, 1001), new LayerQuantConfig());
    expect(large.streamed.memorySeconds).toBeGreaterThan(1.5 * small.streamed.memorySeconds);
  });
});

describe("RooflineCostModel", () => {
  it("adds exactly two conversions when an inner layer of a chain moves in another format", () => {
    const model = chainOf(5);
    const costModel = new RooflineCostModel(armNeon);
    const base = uniformGenome(model, { activationBits: 8 });
    const patched = (index: number) =>
      base.with({
        layerConfigs: new Map(
          [...base.layerConfigs].map(([name, config], i) => [
            name,
            i === index ? config.with({ activationBits: 16 }) : config,
          ]),
        ),
      });
    const before = costModel.estimate(model, base).layers;
    // An operator of its own: 640 activations, read and written as 8 and 16 bits, at 8 GB/s.
    const conversionMs = 0.008 + ((640 * 3) / 8e9) * 1e3;
    for (const [index, conversions] of [
      [0, [1]],
      [2, [2, 3]],
      [4, [4]],
    ] as const) {
      const after = costModel.estimate(model, patched(index)).layers;
      const alone = layerRoofline(
        armNeon,
        model.layers[index] as LayerSpec,
        patched(index).layerConfigs.get(`layer_${index}`) as LayerQuantConfig,
      ).resident.seconds;
      after.forEach((layer, i) => {
        const own =
          i === index
            ? alone * 1e3 + armNeon.overheadPerOperatorUs.value / 1e3
            : (before[i]?.latencyMs as number);
        const converted = (conversions as readonly number[]).includes(i) ? conversionMs : 0;
        expect(layer.latencyMs).toBeCloseTo(own + converted, 12);
        if (i !== index)
          expect(layer.energyMj - (before[i]?.energyMj as number)).toBeCloseTo(
            converted === 0 ? 0 : 640 * 3 * 12 * 1e-9 + 2.15 * conversionMs,
            12,
          );
      });
    }
  });

  it("counts the activations that are alive at once, along the graph's own wiring", () => {
    const square = (name: string, inputs: readonly string[]): LayerSpec => ({
      ...dense(name, 100, 100, 10),
      inputs,
    });
    const costModel = costModelFor("arm-neon");
    const activations = (layers: readonly LayerSpec[]) => {
      const model: ModelSpec = { name: "m", source: "user", layers };
      const estimate = costModel.estimate(model, uniformGenome(model));
      return Math.round(estimate.memoryFootprintMb * 1e6) - estimate.storedBytes;
    };
    // A chain holds an input and an output of 1,000 bytes each; a branch keeps another for later.
    expect(activations([square("a", []), square("b", ["a"]), square("c", ["b"])])).toBe(2000);
    expect(
      activations([
        square("a", []),
        square("b", ["a"]),
        square("c", ["a"]),
        square("d", ["b", "c"]),
      ]),
    ).toBe(3000);
    // a + b is kept in b's buffer, and a is given back.
    expect(activations([square("a", []), square("b", ["a", "a"]), square("c", ["a", "b"])])).toBe(
      2000,
    );
  });

  it("adds parameters that stay in float32, and the graph's overhead once", () => {
    const model = chainOf(2);
    const costModel = costModelFor("qualcomm-hexagon");
    const plain = costModel.estimate(model, uniformGenome(model));
    const more = { ...model, floatParameterCount: 100 };
    expect(costModel.estimate(more, uniformGenome(more)).storedBytes).toBe(plain.storedBytes + 400);
    const sum = plain.layers.reduce((total, layer) => total + layer.latencyMs, 0);
    const graphMs = qualcommHexagon.overheadPerGraphUs.value / 1e3;
    expect(plain.latencyMs - sum).toBeCloseTo(graphMs, 12);
    const joules = plain.layers.reduce((total, layer) => total + layer.energyMj, 0);
    expect(plain.energyMj - joules).toBeCloseTo(graphMs * 1.15, 12);
    const config = new LayerQuantConfig({ activationScheme: "symmetric" });
    const first = layerRoofline(qualcommHexagon, model.layers[0] as LayerSpec, config).resident;
    const firstMs = first.seconds * 1e3 + qualcommHexagon.overheadPerOperatorUs.value / 1e3;
    expect(plain.layers[0]?.latencyMs).toBeCloseTo(firstMs, 12);
    expect(plain.layers[0]?.energyMj).toBeCloseTo(first.joules * 1e3 + 1.15 * firstMs, 12);
  });

  it("says which roof a layer hits", () => {
    const bound = (layer: LayerSpec) => {
      const model: ModelSpec = { name: "m", source: "user", layers: [layer] };
      return costModelFor("arm-neon").estimate(
        model,
        uniformGenome(model, { weightBits: 32, activationBits: 32 }),
      ).layers[0]?.bound;
    };
    expect(bound(dense("a", 1000, 1000, 1000))).toBe("compute");
    expect(bound(dense("a", 2000, 2000, 1))).toBe("memory");
    expect(bound(dense("a", 10, 10, 1))).toBe("overhead");
  });

  it("never gets cheaper by more work, more bytes or less bandwidth", () => {
    fc.assert(
      fc.property(
        anyProfile,
        sizes,
        anyBits,
        fc.constantFrom(8, 16, 32),
        fc.double({ min: 1, max: 50, noNaN: true }),
        (profile, { inputs, outputs, rows }, weightBits, activationBits, factor) => {
          const cost = (costModel: RooflineCostModel, layer: LayerSpec) => {
            const model: ModelSpec = {
              name: "m",
              source: "user",
              layers: [layer, dense("b", 30, 20, 10)],
            };
            const fields = { weightBits, activationBits: activationBits as 8 | 16 | 32 };
            return costModel.estimate(model, uniformGenome(model, fields));
          };
          const layer = dense("a", inputs, outputs, rows);
          const costModel = new RooflineCostModel(profile);
          const base = cost(costModel, layer);
          const worse = [
            cost(costModel, { ...layer, macs: Math.ceil(layer.macs * factor) }),
            cost(costModel, { ...layer, outputShape: [1, rows, Math.ceil(outputs * factor)] }),
            cost(costModel, dense("a", Math.ceil(inputs * factor), outputs, rows)),
            cost(
              variant(profile, (copy) => {
                copy.dram.bandwidthGBs.value /= factor;
                copy.onChip.bandwidthGBs.value /= factor;
              }),
              layer,
            ),
            cost(
              variant(profile, (copy) => {
                copy.overlap.value = 0;
              }),
              layer,
            ),
          ];
          for (const other of worse) {
            expect(other.latencyMs).toBeGreaterThanOrEqual(base.latencyMs * (1 - 1e-9));
            expect(other.energyMj).toBeGreaterThanOrEqual(base.energyMj * (1 - 1e-9));
            expect(other.memoryFootprintMb).toBeGreaterThanOrEqual(
              base.memoryFootprintMb * (1 - 1e-9),
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("never needs more memory for int4 weights than for int8", () => {
    fc.assert(
      fc.property(
        anyProfile,
        sizes,
        fc.constantFrom("per-tensor", "per-channel", "per-group"),
        fc.constantFrom("symmetric", "asymmetric", "power-of-two"),
        fc.constantFrom(1, 16, 32, 64),
        (profile, { inputs, outputs, rows }, granularity, weightScheme, groupSize) => {
          const model: ModelSpec = {
            name: "m",
            source: "user",
            layers: [dense("a", inputs, outputs, rows)],
          };
          const stored = (weightBits: 4 | 8) =>
            costModelFor(profile).estimate(
              model,
              uniformGenome(model, { weightBits, granularity, weightScheme, groupSize } as object),
            ).storedBytes;
          expect(stored(4)).toBeLessThanOrEqual(stored(8));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("groups its notes by reason", () => {
    const model = chainOf(5);
    const estimate = costModelFor("arm-neon").estimate(
      model,
      uniformGenome(model, { weightBits: 6 }),
    );
    expect(estimate.notes).toEqual([
      "No kernel of this width: weights are stored in 8 bits. (layer_0, layer_1, layer_2 and " +
        "2 more)",
    ]);
    const refused = costModelFor("nvidia-tensorrt").estimate(
      model,
      uniformGenome(model, { weightScheme: "asymmetric" }),
    );
    expect(refused.refusedLayers).toEqual(model.layers.map((layer) => layer.name));
    expect(refused.notes[0]).toMatch(/^Asymmetric weights: TensorRT is symmetric only/);
  });

  it("refuses models that are none", () => {
    const model: ModelSpec = {
      name: "m",
      source: "user",
      layers: [{ ...dense("a", 1, 1, 1), macs: Number.NaN }],
    };
    expect(() => costModelFor("arm-dot").estimate(model, uniformGenome(model))).toThrow(
      InvalidArgumentError,
    );
  });

  it("runs a decode step at the speed of memory", () => {
    // The owner's table: 1.75e9 weights, one token. Weights alone take bytes / bandwidth.
    const model: ModelSpec = {
      name: "decode",
      source: "user",
      layers: [dense("a", 50_000, 35_000, 1)],
    };
    const ms = (weightBits: 4 | 8 | 32) =>
      costModelFor("arm-dot").estimate(
        model,
        uniformGenome(model, { weightBits, activationBits: weightBits === 32 ? 32 : 8 }),
      );
    expect(ms(8).latencyMs).toBeGreaterThan((1.75e9 / 17e9) * 1e3);
    expect(ms(8).layers[0]?.bound).toBe("memory");
    expect(ms(4).latencyMs).toBeLessThan(0.8 * ms(8).latencyMs);
    expect(ms(8).latencyMs).toBeLessThan(0.5 * ms(32).latencyMs);
  });
});

describeHardwareCostModel("a user's own model", () => {
  const inner = new RooflineCostModel(armNeon);
  return costModelFor({
    target: "mine",
    supports: (layer, config) => inner.supports(layer, config),
    estimate: (model, genome) => {
      const estimate = inner.estimate(model, genome);
      return { ...estimate, latencyMs: estimate.latencyMs * 2, source: "my stop-watch" };
    },
  });
});

describe("a genome of other layers", () => {
  it("is refused by name", () => {
    const genome = new QuantizationGenome({ layerConfigs: { other: {} } });
    expect(() => costModelFor("intel-vnni").estimate(contractModel, genome)).toThrow(
      expect.objectContaining({ path: "layerConfigs.embedding" }),
    );
  });
});
