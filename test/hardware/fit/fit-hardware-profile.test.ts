import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LayerQuantConfig } from "../../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../../src/genome/quantization-genome.js";
import {
  fitHardwareProfile,
  latencyErrors,
} from "../../../src/hardware/fit/fit-hardware-profile.js";
import { fitParameters, withFigures } from "../../../src/hardware/fit/fit-parameters.js";
import { loadHardwareProfile } from "../../../src/hardware/profile/load-hardware-profile.js";
import type { Figure, HardwareProfile } from "../../../src/hardware/profile/profile-schema.js";
import { RooflineCostModel } from "../../../src/hardware/roofline/roofline-cost-model.js";
import type { LatencyMeasurement } from "../../../src/hardware/table/latency-measurement.js";
import { intelVnni } from "../../../src/hardware/targets/intel-vnni.js";
import { intelVnniOnnxRuntime } from "../../../src/hardware/targets/intel-vnni-onnx-runtime.js";
import type { LayerSpec, ModelSpec } from "../../../src/model/layer-spec.js";
import { Random } from "../../../src/random/random.js";

const start = intelVnniOnnxRuntime;

function changed(values: Readonly<Record<string, number>>): HardwareProfile {
  const figures = Object.entries(values).map(([path, value]): [string, (old: Figure) => object] => [
    path,
    (old) => ({ ...old, value }),
  ]);
  return loadHardwareProfile(withFigures(start, new Map(figures)));
}

/** A chain of matrix products and convolutions of very different sizes. */
function network(random: Random, name: string): ModelSpec {
  const layers = Array.from({ length: 4 + random.integer(4) }, (_, i): LayerSpec => {
    const width = 2 ** (4 + random.integer(6));
    const rows = 2 ** random.integer(8);
    const shape = [1, rows, width];
    return {
      name: `l${i}`,
      kind: random.chance(0.5) ? "matmul" : "gemm",
      parameterCount: width * width,
      macs: rows * width * width,
      inputShape: shape,
      outputShape: shape,
    };
  });
  return { name, source: "user", layers };
}

function genomeOf(model: ModelSpec, random: Random): QuantizationGenome {
  const pick = () => {
    const bits = random.chance(0.5) ? 8 : 32;
    return new LayerQuantConfig({ weightBits: bits, activationBits: bits });
  };
  return new QuantizationGenome({
    layerConfigs: new Map(model.layers.map(({ name }) => [name, pick()])),
  });
}

function measure(
  profile: HardwareProfile,
  count: number,
  noise: number,
  seed: string,
): LatencyMeasurement[] {
  const random = new Random(seed);
  const costs = new RooflineCostModel(profile);
  return Array.from({ length: count }, (_, i) => {
    const model = network(random, `m${i}`);
    const genome = genomeOf(model, random);
    const latencyMs = costs.estimate(model, genome).latencyMs * Math.exp(noise * random.normal());
    return { name: `m${i}`, model, genome, latencyMs };
  });
}

const truth = {
  "gmacsPerSecond.int8": 400,
  "gmacsPerSecond.float32": 120,
  overheadPerOperatorUs: 7,
  "conversion.overheadUs": 5,
};
const paths = Object.keys(truth);

describe("fitHardwareProfile", () => {
  it("finds the parameters that made the data, and says that it did", () => {
    const measurements = measure(changed(truth), 40, 0, "exact");
    const fit = fitHardwareProfile(measurements, {
      profile: start,
      parameters: paths,
      source: "a test",
    });
    for (const { path, value, status, unit } of fit.parameters) {
      const expected = truth[path as keyof typeof truth];
      expect(Math.abs(value / expected - 1), `${path} ${value} ${unit}`).toBeLessThan(0.02);
      expect(status).toBe("determined");
    }
    expect(fit.notDetermined).toEqual([]);
    expect(fit.before.medianRelativeError).toBeGreaterThan(0.2);
    expect(fit.after.medianRelativeError).toBeLessThan(0.005);
    expect(fit.crossValidation?.medianRelativeError).toBeLessThan(0.005);
    expect(fit.crossValidation?.folds).toBe(5);
    expect(fit.after.rankCorrelation).toBeGreaterThan(0.999);
    const { int8, int16 } = fit.profile.gmacsPerSecond;
    expect(int8).toMatchObject({ unit: "GMAC/s", tag: "fitted" });
    expect(int8?.source).toBe("fitHardwareProfile on 40 measurements (a test)");
    expect(int16).toEqual(start.gmacsPerSecond.int16);
    expect(loadHardwareProfile(JSON.stringify(fit.profile))).toEqual(fit.profile);
    expect(fit.profile.validation?.latencyRelativeError).toMatchObject({
      unit: "share",
      tag: "fitted",
    });
    expect(fit.profile.name).toBe(`${start.name}, fitted`);
  });

  it("stands noise and a tenth of wild measurements", () => {
    const measurements = measure(changed(truth), 60, 0.03, "noisy").map((one, i) =>
      i % 10 === 0 ? { ...one, latencyMs: one.latencyMs * 4 } : one,
    );
    const fit = fitHardwareProfile(measurements, { profile: start, parameters: paths, folds: 3 });
    for (const { path, value } of fit.parameters)
      expect(Math.abs(value / truth[path as keyof typeof truth] - 1), path).toBeLessThan(0.2);
    expect(fit.crossValidation?.medianRelativeError).toBeLessThan(0.06);
    expect(fit.crossValidation?.maxRelativeError).toBeGreaterThan(0.5);
  });

  it("predicts models that it has not seen better than the start does", () => {
    const profile = changed({ ...truth, "onChip.bandwidthGBs": 100, overheadPerGraphUs: 30 });
    const fit = fitHardwareProfile(measure(profile, 40, 0.02, "seen"), { profile: start });
    // The profile that is given back is the one that was fitted, ends of ranges included.
    const again = new RooflineCostModel(fit.profile);
    measure(profile, 40, 0.02, "seen").forEach(({ model, genome }, i) => {
      const ratio = again.estimate(model, genome).latencyMs / fit.after.predictedMs[i]!;
      expect(Math.abs(ratio - 1)).toBeLessThan(1e-6);
    });
    const unseen = measure(profile, 20, 0, "unseen");
    const predicted = (one: HardwareProfile) => {
      const costs = new RooflineCostModel(one);
      return unseen.map(({ model, genome }) => costs.estimate(model, genome).latencyMs);
    };
    const { medianRelativeError } = latencyErrors(predicted(fit.profile), unseen);
    expect(medianRelativeError).toBeLessThan(0.04);
    expect(latencyErrors(predicted(start), unseen).medianRelativeError).toBeGreaterThan(0.2);
  });

  it("flags what no measurement depends on, and what others can stand in for", () => {
    const model: ModelSpec = {
      name: "one",
      source: "user",
      layers: [1, 2, 3].map((i) => ({
        name: `l${i}`,
        kind: "matmul",
        parameterCount: 4096,
        macs: 1 << 24,
        inputShape: [1, 64, 64],
        outputShape: [1, 64, 64],
        inputs: [],
      })),
    };
    const genome = new QuantizationGenome({
      layerConfigs: {
        l1: { weightBits: 32, activationBits: 32 },
        l2: { weightBits: 32, activationBits: 32 },
        l3: { weightBits: 32, activationBits: 32 },
      },
    });
    // The same thing over and over: a rate and an overhead cannot be told apart.
    const measurements = Array.from({ length: 12 }, (_, i) => ({
      name: `${i}`,
      model,
      genome,
      latencyMs: 5 + 0.01 * (i % 3),
    }));
    const parameters = ["gmacsPerSecond.float32", "gmacsPerSecond.int8", "overheadPerOperatorUs"];
    const fit = fitHardwareProfile(measurements, { profile: start, parameters });
    const [float32, int8, overhead] = fit.parameters;
    expect(int8).toMatchObject({ status: "unused", value: start.gmacsPerSecond.int8?.value });
    expect(float32?.status).not.toBe("determined");
    expect(overhead?.status).not.toBe("determined");
    expect([...(float32?.confoundedWith ?? []), ...(overhead?.confoundedWith ?? [])]).toContain(
      "overheadPerOperatorUs",
    );
    expect(fit.notDetermined).toEqual(parameters);
    expect(fit.profile.gmacsPerSecond.float32?.tag).toBe("estimated");
    expect(fit.profile.gmacsPerSecond.float32?.source).toMatch(
      /do not tell it from|hardly determine/,
    );
    // What can be said is said: the latency itself.
    expect(fit.after.medianRelativeError).toBeLessThan(0.01);
  });

  it.each([
    [[1, 300]],
    [[1, 100, 1, 100]],
    [[1, 1000, 1000, 1000]],
    [[0.001, 50]],
    [[2_000, 9_000]],
  ])(
    "of one network with latencies %j stays within the data, no worse than the start",
    (latencies) => {
      const model: ModelSpec = {
        name: "one",
        source: "user",
        layers: [
          {
            name: "conv",
            kind: "conv",
            parameterCount: 36_864,
            macs: 28_901_376,
            inputShape: [1, 64, 28, 28],
            outputShape: [1, 64, 28, 28],
            inputs: [],
          },
        ],
      };
      const genome = new QuantizationGenome({ layerConfigs: { conv: {} } });
      const rows = latencies.map((latencyMs, i) => ({ name: `${i}`, model, genome, latencyMs }));
      for (const profile of [intelVnni, start]) {
        const { before, after } = fitHardwareProfile(rows, { profile });
        expect(after.medianRelativeError).toBeLessThanOrEqual(before.medianRelativeError);
        expect(after.predictedMs[0]).toBeGreaterThan(0.99 * Math.min(...latencies));
        expect(after.predictedMs[0]).toBeLessThan(1.01 * Math.max(...latencies));
      }
    },
  );

  it(
    "counts no graph overhead in layers that were measured within a run, and weighs noisy ones " +
      "less",
    () => {
      const profile = changed({ ...truth, overheadPerGraphUs: 200 });
      const costs = new RooflineCostModel(profile);
      const random = new Random("layers");
      const measurements = Array.from({ length: 30 }, (_, i): LatencyMeasurement => {
        const { layers } = network(random, "net");
        const model: ModelSpec = {
          name: `l${i}`,
          source: "user",
          layers: [{ ...layers[0]!, inputs: [] }],
        };
        const genome = genomeOf(model, random);
        const latencyMs = costs.estimate(model, genome).latencyMs - 0.2;
        if (i % 3 === 0)
          return {
            name: "noisy",
            model,
            genome,
            latencyMs: 1.5 * latencyMs,
            spreadMs: latencyMs,
            scope: "layer",
          };
        return { name: "layer", model, genome, latencyMs, spreadMs: 0, scope: "layer" };
      });
      const fit = fitHardwareProfile(measurements, {
        profile: start,
        parameters: [...paths, "overheadPerGraphUs"],
      });
      const graph = fit.parameters.at(-1);
      expect(graph).toMatchObject({ path: "overheadPerGraphUs", status: "unused" });
      for (const { path, value, status } of fit.parameters.slice(0, 3))
        if (status === "determined")
          expect(Math.abs(value / truth[path as keyof typeof truth] - 1), path).toBeLessThan(0.1);
      expect(
        fit.parameters.filter(({ status }) => status === "determined").length,
      ).toBeGreaterThanOrEqual(2);
    },
  );

  it("keeps what runs into the end of its range where it was fitted to, and flags it", () => {
    // Nothing but arithmetic takes time here, and an efficiency may not exceed 4.
    const profile = changed({
      "gmacsPerSecond.float32": 55,
      overheadPerOperatorUs: 0,
      overheadPerGraphUs: 0,
    });
    const costs = new RooflineCostModel(profile);
    const random = new Random("bound");
    const measurements = Array.from({ length: 12 }, (_, i): LatencyMeasurement => {
      const { layers } = network(random, "net");
      const model: ModelSpec = {
        name: `m${i}`,
        source: "user",
        layers: layers.map((one) => ({ ...one, kind: "depthwise-conv" as const })),
      };
      const genome = genomeOf(model, random);
      const estimate = costs.estimate(model, genome);
      return { name: "one", model, genome, latencyMs: estimate.latencyMs / 100 };
    });
    const parameters = ["efficiency.depthwise-conv", "qdq.unfusedEfficiency.depthwise-conv"];
    const fit = fitHardwareProfile(measurements, { profile, parameters });
    const again = new RooflineCostModel(fit.profile);
    measurements.forEach(({ model, genome }, i) => {
      expect(again.estimate(model, genome).latencyMs).toBeCloseTo(fit.after.predictedMs[i]!, 9);
    });
    expect(fit.parameters[0]).toMatchObject({ value: 4, status: "at-bound" });
    expect(fit.notDetermined).toContain("efficiency.depthwise-conv");
    expect(fit.profile.efficiency["depthwise-conv"]).toMatchObject({ tag: "estimated", value: 4 });
  });

  it("leaves groups out together, and has no cross-validation of a single group", () => {
    const measurements = measure(start, 6, 0, "groups");
    const grouped = measurements.map((one, i) => ({ ...one, group: i < 3 ? "a" : "b" }));
    const parameters = ["gmacsPerSecond.int8"];
    expect(fitHardwareProfile(grouped, { profile: start, parameters }).crossValidation?.folds).toBe(
      2,
    );
    const single = measurements.map((one) => ({ ...one, group: "a" }));
    const fit = fitHardwareProfile(single, { profile: start, parameters });
    expect(fit.crossValidation).toBeUndefined();
    expect(fit.profile.validation).toEqual(start.validation);
  });

  const oneLayer: ModelSpec = {
    name: "one",
    source: "user",
    layers: [
      {
        name: "a",
        kind: "conv",
        parameterCount: 2304,
        macs: 147_456,
        inputShape: [1, 16, 8, 8],
        outputShape: [1, 16, 8, 8],
      },
    ],
  };
  const uniform = new QuantizationGenome({ layerConfigs: { a: {} } });
  const timed = (list: readonly number[]) =>
    list.map((latencyMs, i) => ({ name: `${i}`, model: oneLayer, genome: uniform, latencyMs }));

  it.each([[[1, 300]], [[1, 100, 1, 100]], [[1, 1000, 1000, 1000]], [[1e-3, 2e-3]]])(
    "stays within the data where a small layer took %j ms",
    (list) => {
      const fit = fitHardwareProfile(timed(list), { profile: intelVnni });
      expect(fit.after.medianRelativeError).toBeLessThan(fit.before.medianRelativeError);
      const [predicted] = fit.after.predictedMs;
      expect(predicted).toBeGreaterThanOrEqual(0.99 * Math.min(...list));
      expect(predicted).toBeLessThanOrEqual(1.01 * Math.max(...list));
    },
  );

  it("is never worse than its start on the data, and says when it kept that", () => {
    const latency = fc.double({ min: -3, max: 4, noNaN: true }).map((power) => 10 ** power);
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 5 }), (list) => {
        const fit = fitHardwareProfile(timed(list), { profile: intelVnni });
        expect(fit.after.medianRelativeError).toBeLessThanOrEqual(fit.before.medianRelativeError);
      }),
      { numRuns: 15 },
    );
    // Two noisy measurements are as the start predicts; the sure one, which the fit follows, is
    // not.
    const { latencyMs } = new RooflineCostModel(intelVnni).estimate(oneLayer, uniform);
    const [first, second, sure] = timed([latencyMs, latencyMs, 10 * latencyMs]);
    const noisy = { spreadMs: 10 * latencyMs };
    const kept = fitHardwareProfile([{ ...first!, ...noisy }, { ...second!, ...noisy }, sure!], {
      profile: intelVnni,
      parameters: ["overheadPerOperatorUs", "gmacsPerSecond.int8"],
    });
    expect(kept.origin).toBe("start");
    expect(kept.after.medianRelativeError).toBe(kept.before.medianRelativeError);
    expect(kept.notDetermined).toHaveLength(2);
    expect(kept.profile.overheadPerOperatorUs).toMatchObject({
      tag: "estimated",
      source: expect.stringContaining("a fit was worse than the start"),
    });
    expect(fitHardwareProfile(timed([5]), { profile: intelVnni }).origin).toBe("fitted");
  });

  it("gives the same answer for the same data", () => {
    const measurements = measure(changed(truth), 10, 0.05, "again");
    const once = fitHardwareProfile(measurements, { profile: start, parameters: paths });
    expect(fitHardwareProfile(measurements, { profile: start, parameters: paths })).toEqual(once);
  });

  it("refuses what it cannot use, and says what", () => {
    const [one] = measure(start, 1, 0, "one");
    const attempt = (measurements: unknown, options: object = {}) =>
      fitHardwareProfile(measurements as LatencyMeasurement[], { profile: start, ...options });
    expect(() => attempt([])).toThrow(/measurements is empty/);
    expect(() => attempt([{ ...one, latencyMs: 0 }])).toThrow(
      /measurements.0.latencyMs is 0; allowed: above 0/,
    );
    expect(() => attempt([{ ...one, latencyMs: Number.NaN }])).toThrow(/latencyMs is NaN/);
    expect(() => attempt([{ ...one, spreadMs: -1 }])).toThrow(/spreadMs is -1/);
    expect(() => attempt([one], { parameters: ["staticPowerW"] })).toThrow(
      /"staticPowerW"; allowed: gmacsPerSecond/,
    );
    expect(() => attempt([one], { parameters: [] })).toThrow(/parameters is empty/);
    expect(() => attempt([one], { tolerance: 0 })).toThrow(/tolerance is 0/);
    expect(() => attempt([one, one], { folds: 1.5 })).toThrow(/folds is 1.5/);
    expect(() => latencyErrors([], [])).toThrow(/measurements is empty/);
    expect(() => latencyErrors([1, 2], [one!])).toThrow(/predictedMs has 2 elements; allowed: 1/);
    expect(() => attempt([one], { profile: {} })).toThrow(/hardware profile/);
  });
});

describe("fitParameters", () => {
  it("finds every figure that latency depends on, with its place and its range", () => {
    const found = fitParameters(start);
    expect(found.map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        ...paths,
        "efficiency.depthwise-conv",
        "dram.bandwidthGBs",
        "onChip.bandwidthGBs",
        "overheadPerGraphUs",
        "qdq.unfusedEfficiency.conv",
        "conversion.bandwidthGBs",
      ]),
    );
    for (const { path, value, least, most } of found) {
      expect(path).not.toMatch(/energy|static|capacity|validation|formats/);
      expect(value).toBeGreaterThanOrEqual(least);
      expect(value).toBeLessThanOrEqual(most);
      // The ends of the range are what the schema takes.
      expect(() => changed({ [path]: least })).not.toThrow();
      expect(() => changed({ [path]: most })).not.toThrow();
    }
  });
});
