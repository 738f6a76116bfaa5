import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { HardwareTarget } from "../../src/hardware/contract.js";
import { ownerDocumentWorkload } from "../../src/hardware/owner-workload.js";
import { hardwareProfileJsonSchema } from "../../src/hardware/profile/profile-schema.js";
import { profileWithThreads } from "../../src/hardware/profile/profile-with-threads.js";
import { costModelFor, hardwareDevices } from "../../src/hardware/registry.js";
import { RooflineCostModel } from "../../src/hardware/roofline/roofline-cost-model.js";
import type { LayerSpec, ModelSpec } from "../../src/model/layer-spec.js";
import {
  contractModel,
  describeHardwareCostModel,
  uniformGenome,
} from "../_contracts/hardware-cost-model.js";

for (const profile of hardwareDevices)
  if (profile.deviceId !== "owner-document" && profile.deviceId !== "onnx-runtime-qdq")
    describeHardwareCostModel(`${profile.target} ${profile.deviceId}`, () => costModelFor(profile));

describe("the devices", () => {
  it("are at least two a target, of different strength, each with a name of its own", () => {
    for (const target of Object.values(HardwareTarget)) {
      const devices = hardwareDevices.filter(
        (profile) => profile.target === target && profile.deviceId !== "owner-document",
      );
      expect(devices.length).toBeGreaterThanOrEqual(2);
      expect(new Set(devices.map((profile) => profile.deviceId)).size).toBe(devices.length);
      expect(
        new Set(devices.map((profile) => profile.gmacsPerSecond.int8?.value)).size,
      ).toBeGreaterThan(1);
      for (const { deviceId, name } of devices) {
        const costModel = costModelFor(target, { device: deviceId as string }) as RooflineCostModel;
        expect(costModel.profile.name).toBe(name);
        expect((costModelFor(target, { device: name }) as RooflineCostModel).profile.deviceId).toBe(
          deviceId,
        );
      }
      expect((costModelFor(target) as RooflineCostModel).profile).toEqual(devices[0]);
    }
  });

  it("say which devices there are when one is not", () => {
    expect(() => costModelFor("arm-dot", { device: "abacus" })).toThrow(
      /"abacus".*pixel-4, raspberry-pi-5/,
    );
    const own = hardwareDevices[0]!;
    expect(() => costModelFor(own, { device: "abacus" })).toThrow(/pixel-3/);
    expect(() => costModelFor(costModelFor(own), { batch: 2 })).toThrow(/batch/);
    expect(() => costModelFor("arm-dot", { batch: 0 })).toThrow(/batch is 0/);
    expect(() => costModelFor("nvidia-tensorrt", { device: "owner-document" })).toThrow(
      /owner-document/,
    );
  });

  it("say fitted where a figure is calibrated", () => {
    const walk = (value: unknown, path: string): void => {
      if (typeof value !== "object" || value === null) return;
      const { tag, source } = value as { tag?: string; source?: string };
      if (tag === "calibrated")
        expect(source, `${path}: a calibrated figure's source says what it was fitted to`).toMatch(
          /fit/,
        );
      for (const [key, part] of Object.entries(value)) walk(part, `${path}.${key}`);
    };
    for (const profile of hardwareDevices) walk(profile, `${profile.target} ${profile.deviceId}`);
  });

  it("are published as a JSON Schema that is in step with the code", () => {
    const url = new URL("../../docs/hardware-profile.schema.json", import.meta.url);
    expect(JSON.parse(readFileSync(url, "utf8"))).toEqual(
      JSON.parse(JSON.stringify(hardwareProfileJsonSchema())),
    );
  });
});

describe("threads and batch", () => {
  it("scale arithmetic by threads, and refuse threads where there are none", () => {
    const base = hardwareDevices.find((profile) => profile.deviceId === "pixel-4")!;
    const one = profileWithThreads(base, 1);
    expect(one.gmacsPerSecond.int8?.value).toBeCloseTo(
      (base.gmacsPerSecond.int8?.value as number) / 4,
      12,
    );
    expect(one.dram).toEqual(base.dram);
    expect(profileWithThreads(base, 4)).toBe(base);
    expect(() => profileWithThreads(base, 0)).toThrow(/threads is 0/);
    expect(() => costModelFor("apple-neural-engine", { threads: 2 })).toThrow(/no threads/);
    const ms = (threads: number) =>
      costModelFor("arm-dot", { threads }).estimate(contractModel, uniformGenome(contractModel))
        .latencyMs;
    expect(ms(1)).toBeGreaterThan(ms(2));
  });

  it("cost more for a batch than for one, and less than so many one by one", () => {
    for (const target of Object.values(HardwareTarget)) {
      const estimate = (batch: number) =>
        costModelFor(target, { batch }).estimate(contractModel, uniformGenome(contractModel));
      const one = estimate(1);
      const eight = estimate(8);
      expect(eight.batch).toBe(8);
      expect(eight.latencyMs).toBeGreaterThan(one.latencyMs);
      expect(eight.latencyMs).toBeLessThan(8 * one.latencyMs);
      expect(eight.storedBytes).toBe(one.storedBytes);
      expect(eight.memoryFootprintMb).toBeGreaterThan(one.memoryFootprintMb);
    }
  });
});

describe("an estimate", () => {
  it("carries the error of its profile's validation", () => {
    for (const target of Object.values(HardwareTarget)) {
      const { uncertainty } = costModelFor(target).estimate(
        contractModel,
        uniformGenome(contractModel),
      );
      expect(uncertainty?.latency).toBeGreaterThan(0);
      expect(uncertainty?.latency).toBeLessThanOrEqual(0.3);
      expect(uncertainty?.energy).toBeGreaterThan(0);
      expect(uncertainty?.source).toMatch(/unseen/);
    }
  });

  it.each(hardwareDevices.map((profile) => [profile.deviceId, profile] as const))(
    "of %s lists exactly two conversions for an inner layer of a chain in another format",
    (_, profile) => {
      const costModel = new RooflineCostModel(profile);
      const onnxRuntime = profile.deviceId === "onnx-runtime-qdq";
      const cases = fc.record({
        kind: fc.constantFrom("matmul", "conv", "gemm", "depthwise-conv"),
        count: fc.integer({ min: 3, max: 7 }),
        at: fc.nat(),
        bits: fc.constantFrom(
          [8, 32] as const,
          [32, 8] as const,
          ...(onnxRuntime
            ? ([
                [16, 8],
                [8, 16],
              ] as const)
            : []),
        ),
        activationScheme: fc.constantFrom("symmetric", "asymmetric"),
      });
      fc.assert(
        fc.property(
          cases,
          ({ kind, count, at, bits: [activationBits, other], activationScheme }) => {
            const shape = kind.includes("conv") ? [1, 64, 5, 2] : [1, 10, 64];
            const size = {
              parameterCount: 4096,
              macs: 40_960,
              inputShape: shape,
              outputShape: shape,
            };
            const layers = Array.from(
              { length: count },
              (__, i): LayerSpec => ({ name: `l${i}`, kind, ...size }),
            );
            const model: ModelSpec = { name: "chain", source: "user", layers };
            const inner = 1 + (at % (count - 2));
            const base = uniformGenome(model, { activationBits, activationScheme });
            const changed = base.with({
              layerConfigs: new Map(
                [...base.layerConfigs].map(([name, config], i) => [
                  name,
                  i === inner ? config.with({ activationBits: other }) : config,
                ]),
              ),
            });
            expect(costModel.estimate(model, base).conversions).toEqual([]);
            const estimate = costModel.estimate(model, changed);
            const conversions = estimate.conversions ?? [];
            expect(conversions.map(({ from, to }) => [from, to])).toEqual([
              [`l${inner - 1}`, `l${inner}`],
              [`l${inner}`, `l${inner + 1}`],
            ]);
            for (const { to, toFormat, latencyMs, energyMj, bytes } of conversions) {
              // ONNX Runtime has the layer before write float; it quantizes with an operator.
              const free = onnxRuntime && toFormat === "float32";
              expect([latencyMs > 0, energyMj > 0, bytes]).toEqual([
                !free,
                !free,
                free
                  ? 0
                  : 640 *
                    (!onnxRuntime && profile.formats.activations[3]!.storageBits === 16 ? 3 : 5),
              ]);
              expect(estimate.layers.find(({ name }) => name === to)?.latencyMs).toBeGreaterThan(
                latencyMs,
              );
            }
            const summedMs = estimate.layers.reduce((sum, { latencyMs }) => sum + latencyMs, 0);
            const graphMs = profile.overheadPerGraphUs.value / 1e3;
            expect(summedMs + graphMs).toBeCloseTo(estimate.latencyMs, 12);
          },
        ),
        { numRuns: 30 },
      );
    },
  );

  it(
    "predicts int8 slower than or as fast as float for many small layers with conversions " +
      "between",
    () => {
      // Alternating int8 and float layers save less arithmetic than two conversions a layer cost.
      const layers: LayerSpec[] = Array.from({ length: 40 }, (_, i) => ({
        name: `l${i}`,
        kind: "matmul",
        parameterCount: 32 * 32,
        macs: 32 * 32 * 4,
        inputShape: [1, 4, 32],
        outputShape: [1, 4, 32],
      }));
      const model: ModelSpec = { name: "small", source: "user", layers };
      const float = uniformGenome(model, { weightBits: 32, activationBits: 32 });
      const mixed = float.with({
        layerConfigs: new Map(
          [...float.layerConfigs].map(([name, config], i) => [
            name,
            i % 2 === 0 ? new LayerQuantConfig({ activationScheme: "symmetric" }) : config,
          ]),
        ),
      });
      for (const target of Object.values(HardwareTarget)) {
        const costModel = costModelFor(target);
        expect(costModel.estimate(model, mixed).latencyMs, target).toBeGreaterThanOrEqual(
          costModel.estimate(model, float).latencyMs,
        );
      }
    },
  );

  it("is the sum of its layers, whatever the settings", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...hardwareDevices.filter((one) => one.deviceId !== "onnx-runtime-qdq")),
        fc.array(fc.constantFrom(2, 4, 8, 16, 32), { minLength: 8, maxLength: 8 }),
        fc.array(fc.constantFrom(8, 16, 32), { minLength: 8, maxLength: 8 }),
        (profile, weights, activations) => {
          const genome = new QuantizationGenome({
            layerConfigs: new Map(
              contractModel.layers.map((layer, i) => [
                layer.name,
                new LayerQuantConfig({
                  weightBits: weights[i] as 4,
                  activationBits: activations[i] as 8,
                  activationScheme: "symmetric",
                }),
              ]),
            ),
          });
          const estimate = new RooflineCostModel(profile).estimate(contractModel, genome);
          const ms = estimate.layers.reduce((sum, layer) => sum + layer.latencyMs, 0);
          const mj = estimate.layers.reduce((sum, layer) => sum + layer.energyMj, 0);
          const graphMs = profile.overheadPerGraphUs.value / 1e3;
          expect(estimate.latencyMs).toBeCloseTo(ms + graphMs, 9);
          expect(estimate.energyMj).toBeCloseTo(mj + graphMs * profile.staticPowerW.value, 9);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the owner's document", () => {
  const model = ownerDocumentWorkload();

  it("has 1.75 B parameters, each read and multiplied once", () => {
    const parameters = model.layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
    expect(parameters / 1.75e9).toBeCloseTo(1, 3);
    expect(model.layers.reduce((sum, layer) => sum + layer.macs, 0)).toBe(parameters);
    expect(model.layers.every((layer) => layer.weights === undefined)).toBe(true);
  });

  it.each<[HardwareTarget, string, Partial<LayerQuantConfigFields>, number, number, number]>([
    ["arm-neon", "FP32", { weightBits: 32, activationBits: 32 }, 450, 2.1, 7.0],
    ["arm-neon", "INT8", { weightScheme: "asymmetric", granularity: "per-tensor" }, 180, 0.8, 1.8],
    [
      "arm-neon",
      "evolved INT4/INT8",
      { weightBits: 4, granularity: "per-group", groupSize: 128 },
      110,
      0.4,
      0.9,
    ],
    ["arm-dot", "INT8", {}, 120, 0.6, 1.8],
    ["qualcomm-hexagon", "INT8", {}, 140, 0.4, 1.8],
    ["apple-neural-engine", "INT8", {}, 85, 0.5, 1.8],
  ])(
    "%s %s: latency and energy within 10%%, memory within 5%%",
    (target, _row, fields, ms, joules, gigabytes) => {
      const costModel = costModelFor(target, { device: "owner-document" });
      const config = new LayerQuantConfig(fields);
      const genome = new QuantizationGenome({
        layerConfigs: new Map(model.layers.map((layer) => [layer.name, config])),
      });
      const estimate = costModel.estimate(model, genome);
      expect(Math.abs(estimate.latencyMs / ms - 1)).toBeLessThan(0.1);
      expect(Math.abs(estimate.energyMj / 1e3 / joules - 1)).toBeLessThan(0.1);
      expect(Math.abs(estimate.memoryFootprintMb / 1e3 / gigabytes - 1)).toBeLessThan(0.05);
      expect(estimate.refusedLayers).toEqual([]);
    },
  );
});
