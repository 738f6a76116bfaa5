import { describe, expect, it } from "vitest";
import { CalibrationMethod } from "../../src/calibration/method.js";
import { resolveConfig } from "../../src/engine/index.js";
import { InvalidConfigError, QuantevoError } from "../../src/errors.js";
import { Random } from "../../src/random/random.js";

function refusal(config: unknown): InvalidConfigError {
  try {
    resolveConfig(config as object);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfigError);
    return error as InvalidConfigError;
  }
  throw new Error(`was accepted: ${JSON.stringify(config)}`);
}

describe("resolveConfig", () => {
  it("takes the range of bits from weightBitChoices where it is given alone", () => {
    expect(resolveConfig({ weightBitChoices: [8, 2, 4] })).toMatchObject({
      ...{ minBits: 2, maxBits: 8, weightBitChoices: [2, 4, 8] },
    });
    expect(resolveConfig({ weightBitChoices: [16] })).toMatchObject({ minBits: 16, maxBits: 16 });
    expect(() => resolveConfig({ weightBitChoices: [2, 8], minBits: 4 })).toThrow(
      "weightBitChoices.0 is 2; allowed: minBits 4 to maxBits 8",
    );
    expect(() => resolveConfig({ weightBitChoices: [] })).toThrow(/weightBitChoices/);
    expect(() => resolveConfig({ weightBitChoices: ["x" as never] })).toThrow(/weightBitChoices/);
  });

  it("chooses among widths that are stored exactly, where there are any", () => {
    const choices = (config: object) => resolveConfig(config, [2, 4, 8, 16, 32]).weightBitChoices;
    expect(choices({})).toEqual([4, 8]);
    expect(choices({ minBits: 1, maxBits: 32 })).toEqual([2, 4, 8, 16, 32]);
    expect(choices({ minBits: 5, maxBits: 6 })).toEqual([5, 6]);
    expect(choices({ weightBitChoices: [3, 8] })).toEqual([3, 8]);
  });

  it("fills in the defaults of the owner's document, and ours", () => {
    expect(resolveConfig()).toEqual({
      populationSize: 20,
      cacheLimit: 200_000,
      accuracyLimitOn: "estimate",
      maxGenerations: 50,
      mutationRate: 0.2,
      crossoverRate: 0.7,
      elitismRatio: 0.1,
      minBits: 4,
      maxBits: 8,
      allowMixedPrecision: true,
      allowPerChannel: true,
      allowPerGroup: true,
      hardwareTarget: "arm-neon",
      accuracyWeight: 0.4,
      compressionWeight: 0.3,
      latencyWeight: 0.2,
      energyWeight: 0.1,
      useSensitivityAnalysis: true,
      adaptiveBitAllocation: true,
      enableCaching: true,
      parallelEvaluations: 4,
      seed: 0,
      weightBitChoices: [4, 5, 6, 8],
      activationBitChoices: [8, 16],
      weightSchemes: ["symmetric", "asymmetric", "power-of-two"],
      activationSchemes: ["symmetric", "asymmetric", "power-of-two"],
      calibrationMethods: Object.values(CalibrationMethod),
      groupSizes: [16, 32, 64, 128],
      layerOverrides: new Map(),
      tiedLayers: [],
    });
  });

  const bad: [field: string, value: unknown][] = [
    ["populationSize", 0],
    ["populationSize", 10_001],
    ["populationSize", 2.5],
    ["populationSize", "20"],
    ["maxGenerations", -1],
    ["mutationRate", 1.1],
    ["crossoverRate", -0.1],
    ["elitismRatio", Number.NaN],
    ["minBits", 0],
    ["maxBits", 33],
    ["allowMixedPrecision", 1],
    ["allowPerChannel", "yes"],
    ["allowPerGroup", null],
    ["hardwareTarget", 7],
    ["hardwareTarget", ""],
    ["targetLatencyMs", 0],
    ["targetMemoryMb", Number.POSITIVE_INFINITY],
    ["targetEnergyMj", -1],
    ["minAccuracy", 95],
    ["accuracyWeight", -1],
    ["compressionWeight", Number.NaN],
    ["latencyWeight", "much"],
    ["energyWeight", Number.POSITIVE_INFINITY],
    ["useSensitivityAnalysis", 0],
    ["adaptiveBitAllocation", 0],
    ["enableCaching", 0],
    ["parallelEvaluations", 0],
    ["seed", Number.NaN],
    ["weightBitChoices", []],
    ["activationBitChoices", []],
    ["weightSchemes", []],
    ["activationSchemes", "symmetric"],
    ["calibrationMethods", []],
    ["groupSizes", []],
    ["layerOverrides", []],
    ["tiedLayers", ["a"]],
  ];
  it.each(bad)("names %s, its value and what is allowed: %s", (field, value) => {
    const error = refusal({ [field]: value });
    expect(error.path.split(".")[0]).toBe(field);
    expect(error.message).toMatch(new RegExp(`^${field}.* is .*; allowed: `));
  });

  it("says the value and the range in words", () => {
    expect(refusal({ populationSize: 0 }).message).toBe(
      "populationSize is 0; allowed: an integer from 1 to 10000",
    );
    expect(refusal({ weightSchemes: ["symmetric", "nice"] })).toMatchObject({
      path: "weightSchemes.1",
      message: expect.stringContaining('"nice"'),
    });
    expect(refusal({ weightBitChoices: [4, 7] }).path).toBe("weightBitChoices.1");
  });

  it("says of an item of a list what an item may be", () => {
    const methods = Object.values(CalibrationMethod).join(", ");
    const items: [config: object, message: string][] = [
      [
        { calibrationMethods: ["mse", "half-percentil"] },
        `calibrationMethods.1 is "half-percentil"; allowed: one of ${methods}, or methods added`,
      ],
      [{ groupSizes: [0] }, "groupSizes.0 is 0; allowed: an integer from 1 to 65536"],
      [{ tiedLayers: ["a"] }, 'tiedLayers.0 is "a"; allowed: a list of layer names'],
      [{ tiedLayers: [["a", 1]] }, "tiedLayers.0.1 is 1; allowed: a layer name"],
    ];
    for (const [config, message] of items) expect(refusal(config).message).toBe(message);
  });

  it("refuses unknown fields and what is no object", () => {
    expect(refusal({ population_size: 20 })).toMatchObject({
      path: "population_size",
      message: expect.stringMatching(
        /^population_size is no field of the configuration \(did you mean populationSize\?\); all/,
      ),
    });
    for (const value of [null, 3, "x", []]) refusal(value);
    expect(refusal(JSON.parse('{"__proto__": {"populationSize": 5}}')).path).toBe("__proto__");
  });

  it("refuses contradictions", () => {
    expect(refusal({ minBits: 8, maxBits: 4 }).path).toBe("minBits");
    expect(refusal({ minBits: 9, maxBits: 15 }).message).toContain(
      "no bit-width lies from minBits 9",
    );
    expect(refusal({ minBits: 4, maxBits: 8, weightBitChoices: [4, 2] }).path).toBe(
      "weightBitChoices.1",
    );
    expect(
      refusal({ accuracyWeight: 0, compressionWeight: 0, latencyWeight: 0, energyWeight: 0 })
        .message,
    ).toContain("all 0");
    expect(refusal({ layerOverrides: { conv1: { weightBits: 7 } } }).path).toBe(
      "layerOverrides.conv1.weightBits",
    );
    expect(refusal({ layerOverrides: { conv1: 4 } }).path).toBe("layerOverrides.conv1");
  });

  it("takes overrides from an object or a map, only the fields that were given", () => {
    const expected = new Map([["__proto__", { weightBits: 8 }]]);
    expect(
      resolveConfig({ layerOverrides: new Map([["__proto__", { weightBits: 8 }]]) }).layerOverrides,
    ).toEqual(expected);
    expect(
      resolveConfig({ layerOverrides: JSON.parse('{"__proto__": {"weightBits": 8}}') })
        .layerOverrides,
    ).toEqual(expected);
    expect(
      resolveConfig({ layerOverrides: { a: { useSymmetric: false } } }).layerOverrides.get("a"),
    ).toEqual({
      useSymmetric: false,
    });
  });

  it("sorts and cleans lists, takes undefined as absent", () => {
    const config = resolveConfig({
      weightBitChoices: [8, 4, 8],
      groupSizes: [64, 16, 64],
      calibrationMethods: ["mse", "min-max", "mse"],
      seed: undefined,
    });
    expect(config.calibrationMethods).toEqual(["mse", "min-max"]);
    expect(config.weightBitChoices).toEqual([4, 8]);
    expect(config.groupSizes).toEqual([16, 64]);
    expect(config.seed).toBe(0);
  });

  it("answers 200 mutated configurations with a result or a typed error", () => {
    const random = new Random("configurations");
    const keys = Object.keys(resolveConfig());
    const values: readonly unknown[] = [
      ...[
        0,
        -1,
        1.5,
        8,
        1e9,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        -0,
        "",
        "8",
        true,
        null,
        undefined,
        [],
        {},
      ],
      ...[
        [4],
        [[4]],
        ["mse"],
        [null],
        { a: { weightBits: 4 } },
        { a: null },
        new Map(),
        Symbol.iterator,
        4n,
        () => 1,
      ],
    ];
    let refused = 0;
    for (let i = 0; i < 200; i++) {
      const config: Record<string, unknown> = {};
      for (let edits = 1 + random.integer(3); edits > 0; edits--)
        config[random.chance(0.95) ? random.pick(keys) : "unknown"] = random.pick(values);
      try {
        resolveConfig(config);
      } catch (error) {
        expect(error).toBeInstanceOf(QuantevoError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(200);
  });
});
