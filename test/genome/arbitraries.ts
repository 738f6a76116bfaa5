import fc from "fast-check";
import { ACTIVATION_BITS, WEIGHT_BITS } from "../../src/genes/bits.js";
import {
  LayerQuantConfig,
  type LayerQuantConfigFields,
} from "../../src/genome/layer-quant-config.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";

const schemes = fc.constantFrom("symmetric", "asymmetric", "power-of-two");
export const methods = fc.constantFrom("min-max", "percentile", "mse", "entropy");

/** Every valid setting of a layer. */
export const layerFields: fc.Arbitrary<LayerQuantConfigFields> = fc.record(
  {
    weightBits: fc.constantFrom(...WEIGHT_BITS),
    activationBits: fc.constantFrom(...ACTIVATION_BITS),
    weightScheme: schemes,
    activationScheme: schemes,
    granularity: fc.constantFrom("per-tensor", "per-channel", "per-group"),
    groupSize: fc.constantFrom(1, 16, 32, 128, 65_536),
    useSymmetric: fc.boolean(),
    calibrationMethod: methods,
  },
  {
    requiredKeys: [
      "weightBits",
      "activationBits",
      "weightScheme",
      "activationScheme",
      "granularity",
      "groupSize",
      "useSymmetric",
    ],
  },
) as fc.Arbitrary<LayerQuantConfigFields>;

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
