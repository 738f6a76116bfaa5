// Every line of code of the owner's Python document, in the order in which it stands there, as
// TypeScript that runs, with assertions on what the line means. Runs are shorter where the
// document's length is not the point.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  CalibrationMethod,
  calibrate,
  dequantize,
  HardwareTarget,
  LayerQuantConfig,
  parseQuantizationConfig,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  QuantizationGenome,
  QuantizationGranularity,
  QuantizationScheme,
  quantize,
} from "../src/index.js";

const layerNames = [
  "embedding",
  "encoder_layer_0_attention",
  "encoder_layer_0_ffn",
  "output_projection",
];
const short = { maxGenerations: 3 };
const small = { populationSize: 8 };

async function evolved(
  config: QuantizationEvolutionConfig,
  layers: readonly string[] = layerNames,
) {
  const engine = new QuantizationEvolutionEngine({ ...small, ...config });
  await engine.runEvolution(layers, short);
  return engine;
}

describe("key features", () => {
  it("builds a genome by hand, layer by layer", () => {
    const genome = new QuantizationGenome({
      layerConfigs: {
        attention: new LayerQuantConfig({ weightBits: 8, activationBits: 8 }),
        ffn: new LayerQuantConfig({ weightBits: 4, activationBits: 8 }),
        embedding: new LayerQuantConfig({ weightBits: 6, activationBits: 8 }),
      },
    });
    expect(genome.layerConfigs.get("ffn")?.weightBits).toBe(4);
    expect(genome.averageBits).toBe(6);
    expect(genome.accuracy).toBeUndefined();
  });

  it("optimizes for a target within limits", async () => {
    const engine = await evolved({
      hardwareTarget: HardwareTarget.ARM_NEON,
      targetLatencyMs: 50,
      targetMemoryMb: 100,
    });
    const best = engine.getBestGenome();
    expect(best.inferenceLatencyMs).toBeLessThanOrEqual(50);
    expect(best.memoryFootprintMb).toBeLessThanOrEqual(100);
  });

  it("weighs the objectives, and chooses from the front by deployment", async () => {
    const engine = await evolved({
      accuracyWeight: 0.4,
      compressionWeight: 0.3,
      latencyWeight: 0.2,
      energyWeight: 0.1,
    });
    const front = engine.paretoFront;
    const choose = (deployment: string) =>
      deployment === "mobile"
        ? front.reduce((a, b) => (b.inferenceLatencyMs! < a.inferenceLatencyMs! ? b : a))
        : deployment === "iot"
          ? front.reduce((a, b) => (b.energyPerInferenceMj! < a.energyPerInferenceMj! ? b : a))
          : front.reduce((a, b) => (b.accuracy! > a.accuracy! ? b : a));
    for (const genome of front) {
      expect(choose("mobile").inferenceLatencyMs).toBeLessThanOrEqual(genome.inferenceLatencyMs!);
      expect(choose("iot").energyPerInferenceMj).toBeLessThanOrEqual(genome.energyPerInferenceMj!);
      expect(choose("server").accuracy).toBeGreaterThanOrEqual(genome.accuracy!);
    }
  });
});

describe("core classes", () => {
  it("QuantizationGenome has the fields of the document", async () => {
    const best = (await evolved({})).getBestGenome();
    expect(best.layerConfigs).toBeInstanceOf(Map);
    expect(Object.values(QuantizationScheme)).toContain(best.globalScheme);
    expect(Object.values(CalibrationMethod)).toContain(best.calibrationMethod);
    const metrics = [
      "accuracy",
      "compressionRatio",
      "inferenceLatencyMs",
      "memoryFootprintMb",
    ] as const;
    for (const name of [...metrics, "energyPerInferenceMj"] as const)
      expect(best[name]).toBeGreaterThan(0);
  });

  it("LayerQuantConfig has the fields of the document", () => {
    const config = new LayerQuantConfig({
      weightBits: 2,
      activationBits: 16,
      weightScheme: QuantizationScheme.SYMMETRIC,
      activationScheme: QuantizationScheme.ASYMMETRIC,
      granularity: QuantizationGranularity.PER_CHANNEL,
      useSymmetric: true,
    });
    expect(config.toDict()).toMatchObject({
      weightBits: 2,
      activationBits: 16,
      useSymmetric: true,
    });
    for (const weightBits of [1, 1.58, 2, 4, 6, 8, 16] as const)
      expect(new LayerQuantConfig({ weightBits }).weightBits).toBe(weightBits);
    for (const activationBits of [4, 8, 16] as const)
      expect(new LayerQuantConfig({ activationBits }).activationBits).toBe(activationBits);
  });
});

describe("usage guide", () => {
  it("basic usage", async () => {
    const config = {
      populationSize: 20,
      maxGenerations: 30,
      hardwareTarget: HardwareTarget.ARM_NEON,
      allowMixedPrecision: true,
      minBits: 4,
      maxBits: 8,
    };
    const engine = new QuantizationEvolutionEngine(config);
    const results = await engine.runEvolution(layerNames);
    const best = engine.getBestGenome();
    const line =
      `Compression: ${best.compressionRatio!.toFixed(1)}x @ ` +
      `${(best.accuracy! * 100).toFixed(1)}%`;
    expect(line).toMatch(/^Compression: \d+\.\dx @ \d+\.\d%$/);
    expect(results.generations).toBe(30);
    // 4 to 8 bits a weight, so 8x is what 4 bits without any scale would give.
    expect(best.compressionRatio).toBeGreaterThan(3.9);
    expect(best.compressionRatio).toBeLessThan(8);
    for (const config of best.layerConfigs.values()) {
      expect(config.weightBits).toBeGreaterThanOrEqual(4);
      expect(config.weightBits).toBeLessThanOrEqual(8);
    }
  });

  it("advanced: multi-objective optimization", async () => {
    const engine = await evolved({
      accuracyWeight: 0.4,
      compressionWeight: 0.3,
      latencyWeight: 0.2,
      energyWeight: 0.1,
    });
    const lines = engine.paretoFront
      .slice(0, 5)
      .map(
        (genome) =>
          `${(genome.accuracy! * 100).toFixed(1)}% | ${genome.compressionRatio!.toFixed(1)}x | ` +
          `${genome.inferenceLatencyMs!.toFixed(1)}ms | ` +
          `${genome.energyPerInferenceMj!.toFixed(2)}mJ`,
      );
    expect(lines.length).toBe(5);
    for (const line of lines) expect(line).toMatch(/^[\d.]+% \| [\d.]+x \| [\d.]+ms \| [\d.]+mJ$/);
  });

  it("extreme compression: 8 to 16 times", async () => {
    const engine = await evolved({
      minBits: 2,
      maxBits: 4,
      allowMixedPrecision: true,
      compressionWeight: 0.5,
      accuracyWeight: 0.3,
    });
    const best = engine.getBestGenome();
    // 4 bits with scales stay just under 8, 2 bits just under 16.
    expect(best.compressionRatio).toBeGreaterThan(7);
    expect(best.compressionRatio).toBeLessThan(16);
    expect(
      Math.max(...engine.paretoFront.map((genome) => genome.compressionRatio!)),
    ).toBeGreaterThan(12);
  });

  it("hardware-specific deployment", async () => {
    const mobile = await evolved({
      hardwareTarget: HardwareTarget.ARM_NEON,
      targetLatencyMs: 50,
      targetMemoryMb: 100,
      latencyWeight: 0.4,
      accuracyWeight: 0.4,
    });
    const iot = await evolved({
      hardwareTarget: HardwareTarget.QUALCOMM_HEXAGON,
      targetMemoryMb: 50,
      energyWeight: 0.5,
      compressionWeight: 0.3,
    });
    const server = await evolved({
      hardwareTarget: HardwareTarget.APPLE_NEURAL_ENGINE,
      accuracyWeight: 0.6,
      latencyWeight: 0.3,
    });
    expect(mobile.getBestGenome().memoryFootprintMb).toBeLessThanOrEqual(100);
    expect(iot.getBestGenome().memoryFootprintMb).toBeLessThanOrEqual(50);
    expect(iot.getBestGenome().energyPerInferenceMj).toBeLessThan(
      mobile.getBestGenome().energyPerInferenceMj!,
    );
    expect(server.getBestGenome().inferenceLatencyMs).toBeLessThan(
      mobile.getBestGenome().inferenceLatencyMs!,
    );
  });
});

describe("hardware targets, strategies and methods", () => {
  it("runs on each target", async () => {
    const targets = [
      HardwareTarget.ARM_NEON,
      HardwareTarget.ARM_DOT,
      HardwareTarget.QUALCOMM_HEXAGON,
      HardwareTarget.APPLE_NEURAL_ENGINE,
      HardwareTarget.NVIDIA_TENSORRT,
      HardwareTarget.INTEL_VNNI,
    ];
    const latency = new Map<string, number>();
    for (const hardwareTarget of targets) {
      const engine = new QuantizationEvolutionEngine({ hardwareTarget, populationSize: 4 });
      await engine.runEvolution(layerNames, { maxGenerations: 1 });
      latency.set(hardwareTarget, engine.getBestGenome().inferenceLatencyMs!);
    }
    // "INT8 dot products (4x faster)", "Better throughput than NEON".
    expect(latency.get("arm-dot")).toBeLessThan(latency.get("arm-neon")!);
  });

  // The document writes the scale as a factor; ours is its reciprocal, as in ONNX.
  const values = Float32Array.from({ length: 64 }, (_, i) => ((i * 7919) % 64) / 32 - 0.5);
  const formatOf = (fields: object) =>
    calibrate(values, {
      bits: 8,
      scheme: QuantizationScheme.SYMMETRIC,
      method: CalibrationMethod.MIN_MAX,
      granularity: QuantizationGranularity.PER_TENSOR,
      shape: [8, 8],
      axis: 0,
      groupSize: 0,
      ...fields,
    });

  it("quantization schemes", () => {
    expect([...formatOf({ scheme: QuantizationScheme.ASYMMETRIC }).zeroPoint]).not.toEqual([0]);
    expect([...formatOf({ scheme: QuantizationScheme.SYMMETRIC }).zeroPoint]).toEqual([0]);
    const power = formatOf({ scheme: QuantizationScheme.POWER_OF_TWO });
    expect(Number.isInteger(Math.log2(power.scale[0]!))).toBe(true);
  });

  it("granularity", () => {
    expect(formatOf({ granularity: QuantizationGranularity.PER_TENSOR }).scale.length).toBe(1);
    expect(formatOf({ granularity: QuantizationGranularity.PER_CHANNEL }).scale.length).toBe(8);
    const grouped = formatOf({
      granularity: QuantizationGranularity.PER_GROUP,
      axis: 1,
      groupSize: 4,
    });
    expect(grouped.scale.length).toBe(16);
  });

  it("calibration methods", () => {
    const asymmetric = { scheme: QuantizationScheme.ASYMMETRIC };
    const minMax = formatOf({ ...asymmetric, method: CalibrationMethod.MIN_MAX });
    const [min, max] = [Math.min(...values), Math.max(...values)];
    expect(minMax.scale[0]).toBeCloseTo((max - min) / 255, 5);
    const error = (method: CalibrationMethod) => {
      const params = formatOf({ bits: 4, method });
      const back = dequantize(quantize(values, params), params);
      return back.reduce((sum, value, i) => sum + (value - values[i]!) ** 2, 0);
    };
    for (const method of Object.values(CalibrationMethod))
      expect(error(CalibrationMethod.MSE)).toBeLessThanOrEqual(error(method) * 1.000001);
  });
});

describe("API reference", () => {
  it("has every field of the configuration with its default", () => {
    expect(new QuantizationEvolutionEngine().config).toMatchObject({
      populationSize: 20,
      maxGenerations: 50,
      mutationRate: 0.2,
      crossoverRate: 0.7,
      elitismRatio: 0.1,
      minBits: 4,
      maxBits: 8,
      allowMixedPrecision: true,
      allowPerChannel: true,
      hardwareTarget: HardwareTarget.ARM_NEON,
      accuracyWeight: 0.4,
      compressionWeight: 0.3,
      latencyWeight: 0.2,
      energyWeight: 0.1,
      useSensitivityAnalysis: true,
      adaptiveBitAllocation: true,
      enableCaching: true,
      parallelEvaluations: 4,
    });
    const { targetLatencyMs, targetMemoryMb, targetEnergyMj } = new QuantizationEvolutionEngine()
      .config;
    expect([targetLatencyMs, targetMemoryMb, targetEnergyMj]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("runEvolution, getBestGenome, exportQuantizationConfig, analyzeSensitivity", async () => {
    const folder = await mkdtemp(join(tmpdir(), "quantevo-owner-"));
    try {
      const engine = new QuantizationEvolutionEngine(small);
      const generations: number[] = [];
      await engine.runEvolution(layerNames, {
        maxGenerations: 2,
        callback: (generation) => void generations.push(generation),
      });
      expect(generations).toEqual([0, 1, 2]);
      const best = engine.getBestGenome();
      for (const genome of engine.paretoFront)
        expect(best.fitnessScore).toBeGreaterThanOrEqual(genome.fitnessScore);
      await engine.exportQuantizationConfig(best, join(folder, "config.json"));
      await engine.exportQuantizationConfig(best, join(folder, "config.yaml"), "yaml");
      for (const name of ["config.json", "config.yaml"])
        expect(parseQuantizationConfig(await readFile(join(folder, name), "utf8")).key).toBe(
          best.key,
        );
      const sensitivity = await engine.analyzeSensitivity(layerNames);
      expect([...sensitivity.keys()]).toEqual(layerNames);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it(
    "QuantizationGenome: averageBits, compressionRatio, fitnessScore, toDict, fromDict, clone, " +
      "mutate, crossover",
    async () => {
      const engine = await evolved({});
      const best = engine.getBestGenome();
      expect(best.averageBits).toBeGreaterThanOrEqual(4);
      expect(best.averageBits).toBeLessThanOrEqual(8);
      expect(best.compressionRatio).toBeGreaterThan(1);
      expect(best.fitnessScore).toBeGreaterThan(0);
      expect(QuantizationGenome.fromDict(best.toDict()).toDict()).toEqual(best.toDict());
      const copy = best.clone();
      expect(copy).not.toBe(best);
      expect(copy.toDict()).toEqual(best.toDict());
      expect(best.mutate(1).key).not.toBe(best.key);
      const other = best.mutate(1);
      const child = best.crossover(other);
      for (const [name, config] of child.layerConfigs)
        expect([best, other].some((parent) => parent.layerConfigs.get(name)?.equals(config))).toBe(
          true,
        );
    },
  );
});

describe("examples", () => {
  it("1: simple quantization", async () => {
    const layers = ["layer1", "layer2", "layer3"];
    const engine = new QuantizationEvolutionEngine({ populationSize: 10, maxGenerations: 20 });
    await engine.runEvolution(layers);
    const best = engine.getBestGenome();
    expect(`Compression: ${best.compressionRatio!.toFixed(1)}x`).toMatch(
      /^Compression: [4-7]\.\dx$/,
    );
    expect(best.accuracy).toBeGreaterThan(0.5);
  });

  it("2: hardware-optimized", async () => {
    const engine = await evolved(
      {
        hardwareTarget: HardwareTarget.ARM_NEON,
        targetLatencyMs: 50,
        latencyWeight: 0.5,
        accuracyWeight: 0.3,
      },
      ["embedding", "attention", "ffn", "output"],
    );
    expect(engine.getBestGenome().inferenceLatencyMs).toBeLessThanOrEqual(50);
  });

  it("3: Pareto front analysis", async () => {
    const engine = await evolved(
      {
        populationSize: 30,
        maxGenerations: 50, // the document's; this run stops earlier
        // So that twelve layers are measured in a moment.
        calibrationMethods: [CalibrationMethod.MIN_MAX],
        accuracyWeight: 0.25,
        compressionWeight: 0.25,
        latencyWeight: 0.25,
        energyWeight: 0.25,
      },
      Array.from({ length: 12 }, (_, i) => `layer_${i}`),
    );
    expect(engine.paretoFront.length).toBeGreaterThan(5);
    for (const [i, genome] of engine.paretoFront.slice(0, 5).entries()) {
      expect(`Solution ${i + 1}: ${(genome.accuracy! * 100).toFixed(2)}%`).toMatch(
        /^Solution \d: \d/,
      );
      expect(genome.compressionRatio).toBeGreaterThan(1);
      expect(genome.inferenceLatencyMs).toBeGreaterThan(0);
      expect(genome.energyPerInferenceMj).toBeGreaterThan(0);
    }
  });
});

describe("best practices", () => {
  it("1: sensitivity first, then bits by score", async () => {
    const engine = new QuantizationEvolutionEngine();
    const sensitivity = await engine.analyzeSensitivity(layerNames);
    const advice = [...sensitivity].map(([layer, score]) =>
      score > 0.8
        ? `${layer}: HIGH sensitivity → use 8-bit`
        : score > 0.5
          ? `${layer}: MEDIUM sensitivity → use 6-bit`
          : `${layer}: LOW sensitivity → use 4-bit`,
    );
    for (const score of sensitivity.values()) {
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
    }
    expect(advice.some((line) => line.includes("HIGH"))).toBe(true);
  });

  it("2: mixed precision", async () => {
    const engine = await evolved({ allowMixedPrecision: true, minBits: 4, maxBits: 8 });
    const mixed = engine.paretoFront.filter(
      (genome) =>
        new Set([...genome.layerConfigs.values()].map((config) => config.weightBits)).size > 1,
    );
    expect(mixed.length).toBeGreaterThan(0);
  });

  it("3: calibration", () => {
    const activations = new LayerQuantConfig({
      activationScheme: QuantizationScheme.ASYMMETRIC,
      calibrationMethod: CalibrationMethod.PERCENTILE,
    });
    const weights = new LayerQuantConfig({
      weightScheme: QuantizationScheme.SYMMETRIC,
      calibrationMethod: CalibrationMethod.MSE,
    });
    const genome = new QuantizationGenome({ layerConfigs: { a: activations, b: weights } });
    expect(genome.calibrationMethodOf("a")).toBe("percentile");
    expect(genome.calibrationMethodOf("b")).toBe("mse");
  });

  it("4: realistic constraints; a limit out of reach shows as infeasible", async () => {
    const engine = new QuantizationEvolutionEngine({
      ...small,
      targetLatencyMs: 100,
      targetMemoryMb: 200,
      targetEnergyMj: 0.5,
    });
    const result = await engine.runEvolution(layerNames, short);
    for (const genome of result.paretoFront) {
      const { violations } = genome.metrics!;
      expect("targetLatencyMs" in violations).toBe(genome.inferenceLatencyMs! > 100);
      expect("targetMemoryMb" in violations).toBe(genome.memoryFootprintMb! > 200);
      expect("targetEnergyMj" in violations).toBe(genome.energyPerInferenceMj! > 0.5);
      expect(Object.keys(violations).length === 0).toBe(result.feasible);
    }
  });

  it("5: the front for deployment decisions", async () => {
    const engine = await evolved({});
    let found: QuantizationGenome | undefined;
    for (const genome of engine.paretoFront)
      if (genome.inferenceLatencyMs! <= 50)
        if (genome.accuracy! >= 0.95) {
          found = genome;
          break;
        }
    expect(found).toBeDefined();
  });

  it("6: caching and parallel evaluations", async () => {
    const cached = await evolved({ enableCaching: true, parallelEvaluations: 4 });
    expect(cached.paretoFront.length).toBeGreaterThan(0);
  });

  it("7: progress", async () => {
    const lines: string[] = [];
    const progressCallback = (generation: number, bestFitness: number, avgFitness: number) => {
      lines.push(`Gen ${generation}: Best=${bestFitness.toFixed(4)}, Avg=${avgFitness.toFixed(4)}`);
    };
    const engine = new QuantizationEvolutionEngine(small);
    await engine.runEvolution(layerNames, { ...short, callback: progressCallback });
    expect(lines.length).toBe(4);
    expect(lines[3]).toMatch(/^Gen 3: Best=0\.\d{4}, Avg=0\.\d{4}$/);
  });
});

describe("troubleshooting", () => {
  it("not converging: larger population, more mutation", async () => {
    const engine = await evolved({ populationSize: 50, mutationRate: 0.3 }, ["ffn"]);
    expect(engine.getBestGenome().fitnessScore).toBeGreaterThan(0);
  });

  it("accuracy loss too high: raise minBits and the accuracy's weight", async () => {
    const safe = await evolved({ minBits: 6, accuracyWeight: 0.6, compressionWeight: 0.2 });
    const narrow = await evolved({ minBits: 4, maxBits: 4 });
    expect(safe.getBestGenome().accuracy).toBeGreaterThan(narrow.getBestGenome().accuracy!);
    for (const config of safe.getBestGenome().layerConfigs.values())
      expect(config.weightBits).toBeGreaterThanOrEqual(6);
  });

  it("latency target not met: faster hardware, relaxed limit", async () => {
    const engine = await evolved({
      hardwareTarget: HardwareTarget.APPLE_NEURAL_ENGINE,
      latencyWeight: 0.5,
      targetLatencyMs: 75,
    });
    expect(engine.getBestGenome().inferenceLatencyMs).toBeLessThanOrEqual(75);
  });

  it("memory overflow: a memory limit, compression first, fewer bits", async () => {
    const engine = await evolved({ targetMemoryMb: 100, compressionWeight: 0.5, minBits: 2 });
    expect(engine.getBestGenome().memoryFootprintMb).toBeLessThanOrEqual(100);
    expect(engine.getBestGenome().averageBits).toBeLessThan(8);
  });
});
