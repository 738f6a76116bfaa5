import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addCalibrationMethod, calibrationMethods } from "../../src/calibration/index.js";
import { CalibrationMethod } from "../../src/calibration/method.js";
import { createNoiseTable } from "../../src/evaluation/index.js";
import type { GeneValue } from "../../src/genes/gene.js";
import { codeCount, codeOf, type Decides } from "../../src/genes/layer-setting.js";
import {
  hasEffect,
  type LayerQuantConfigFields,
  SETTING_NAMES,
  settingOf,
  settingsThatDecide,
} from "../../src/genes/precision.js";
import { activationCode, layerKey, weightCode } from "../../src/genome/genome-key.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { exportToString, parseQuantizationConfig } from "../../src/index.js";
import { modelFromLayers } from "../../src/model/model-from-layers.js";

/** Every value of a setting, or a few of a range. */
function valuesOf(name: (typeof SETTING_NAMES)[number]): readonly GeneValue[] {
  const { values } = settingOf(name);
  return typeof values === "function" ? values() : [values[0], 2, 32, values[1]];
}

/** Every setting of a layer, with a few group sizes. */
function* everyConfig(): Generator<LayerQuantConfig> {
  const place = new Array<number>(SETTING_NAMES.length).fill(0);
  for (;;) {
    const fields = Object.fromEntries(
      SETTING_NAMES.map((name, i) => [name, valuesOf(name)[place[i]!]]),
    );
    yield new LayerQuantConfig(fields as LayerQuantConfigFields);
    let at = 0;
    while (at < place.length && ++place[at]! === valuesOf(SETTING_NAMES[at]!).length)
      place[at++] = 0;
    if (at === place.length) return;
  }
}

/** What decides, spelled out: the values of settings that have an effect. */
function meaning(what: Decides, config: LayerQuantConfig): string {
  return settingsThatDecide(what)
    .filter((name) => settingOf(name).effect[what]!({ ...config }))
    .map((name) => `${name}=${String(config[name])}`)
    .join();
}

describe("keys of settings", () => {
  it("are equal exactly where the settings that have an effect are, for every setting", () => {
    const weights = new Map<number, string>();
    const activations = new Map<number, string>();
    const texts = new Map<string, string>();
    let configs = 0;
    for (const config of everyConfig()) {
      configs++;
      const method = config.calibrationMethod!;
      const [w, a] = [meaning("weights", config), meaning("activation", config)];
      for (const [known, code, meant] of [
        [weights, weightCode(config, method), w],
        [activations, activationCode(config, method), a],
        [texts, layerKey(config, method), `${w}|${a}`],
      ] as [Map<unknown, string>, unknown, string][]) {
        const other = known.get(code);
        if (other === undefined) known.set(code, meant);
        else if (other !== meant) expect.fail(`${String(code)} stands for ${other} and ${meant}`);
      }
    }
    expect(configs).toBeGreaterThan(10_000);
    for (const known of [weights, activations, texts])
      expect(new Set(known.values()).size).toBe(known.size);
  });

  it("tell a calibration method that a user added from all others, in tables of noise too", () => {
    const method = addCalibrationMethod({
      name: "third-of-the-range",
      code: 77,
      reach: 3,
      range: ({ min, max }) => ({ low: min / 3, high: max / 3 }),
    }) as CalibrationMethod;
    const model = modelFromLayers(["a"]);
    const noise = createNoiseTable(model);
    const config = new LayerQuantConfig({ weightBits: 4, calibrationMethod: method });
    const seen = new Map<string, number>();
    const methods = calibrationMethods() as CalibrationMethod[];
    expect(methods.length).toBeGreaterThan(Object.keys(CalibrationMethod).length);
    for (const name of methods) {
      seen.set(layerKey(config, name), weightCode(config, name));
      if (name !== method)
        expect(noise.weightNoise("a", config, name)).not.toBe(
          noise.weightNoise("a", config, method),
        );
    }
    expect(seen.size).toBe(methods.length);
    expect(new Set(seen.values()).size).toBe(methods.length);
    const genome = new QuantizationGenome({ layerConfigs: { a: config } });
    expect(parseQuantizationConfig(exportToString(genome, "json")).key).toBe(genome.key);
  });

  it("have a digit for every value of a setting, and no two values one", () => {
    for (const name of SETTING_NAMES) {
      const setting = settingOf(name);
      const codes = valuesOf(name).map((value) => codeOf(setting, value));
      expect(new Set(codes).size, name).toBe(codes.length);
      for (const code of codes) {
        expect(code).toBeGreaterThanOrEqual(0);
        expect(code).toBeLessThan(codeCount(setting));
      }
    }
  });

  it("are whole numbers that a double holds exactly", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_536 }), (groupSize) => {
        const config = new LayerQuantConfig({
          weightBits: 16,
          weightScheme: "power-of-two",
          granularity: "per-group",
          groupSize,
          useSymmetric: false,
        });
        const code = weightCode(config, "entropy");
        expect(Number.isSafeInteger(code)).toBe(true);
        expect(hasEffect("groupSize", config)).toBe(true);
      }),
    );
  });
});
