import fc from "fast-check";
import type { CalibrationMethod } from "../../src/calibration/method.js";
import type { GeneValue } from "../../src/genes/gene.js";
import { SETTING_NAMES, type SettingName, settingOf } from "../../src/genes/precision.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { QuantizationScheme } from "../../src/quantization/scheme.js";

/** Values of a setting, as its declaration has them. */
const valuesOf = (name: SettingName): fc.Arbitrary<GeneValue> => {
  const { values } = settingOf(name);
  return typeof values === "function"
    ? fc.constantFrom(...values())
    : fc.oneof(fc.constantFrom(...values, 16, 32, 128), fc.integer({ min: values[0], max: 256 }));
};
const schemes = valuesOf("weightScheme") as fc.Arbitrary<QuantizationScheme>;
export const methods = valuesOf("calibrationMethod") as fc.Arbitrary<CalibrationMethod>;

/** Every valid setting of a layer. */
export const layerFields: fc.Arbitrary<LayerQuantConfigFields> = fc.record(
  Object.fromEntries(SETTING_NAMES.map((name) => [name, valuesOf(name)])),
  { requiredKeys: SETTING_NAMES.filter((name) => settingOf(name).default !== undefined) },
) as unknown as fc.Arbitrary<LayerQuantConfigFields>;

/** Names that trip careless code, and ordinary ones. */
export const layerNames = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "layer.0",
    "yes",
    "1e3",
    "null",
    "a: b",
    "# c",
    "☃",
  ),
  fc.string({ minLength: 1, maxLength: 12 }),
);

/** Genomes of 1 to 6 layers. */
export const genomes: fc.Arbitrary<QuantizationGenome> = fc
  .record({
    names: fc.uniqueArray(layerNames, { minLength: 1, maxLength: 6 }),
    fields: fc.array(layerFields, { minLength: 6, maxLength: 6 }),
    globalScheme: schemes,
    calibrationMethod: methods,
  })
  .map(
    ({ names, fields, globalScheme, calibrationMethod }) =>
      new QuantizationGenome({
        layerConfigs: new Map(names.map((name, i) => [name, new LayerQuantConfig(fields[i])])),
        globalScheme,
        calibrationMethod,
      }),
  );
