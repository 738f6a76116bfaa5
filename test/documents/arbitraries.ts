import fc from "fast-check";
import type { LayerCalibration } from "../../src/export.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import { type GenomeMetrics, QuantizationGenome } from "../../src/genome/quantization-genome.js";
import { layerFields, methods } from "../genome/arbitraries.js";

/** Text that trips readers of YAML or JSON. */
export const hostileText = fc.oneof(
  fc.constantFrom(
    ...[
      "yes",
      "no",
      "null",
      "~",
      "true",
      "1e3",
      "0x1F",
      "1_000",
      ".nan",
      "-.inf",
      "2001-01-01",
      "12:30:45",
    ],
    ...[
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "2",
      "1",
      "-0",
      "",
      " ",
      "- a",
      "? b",
      ": c",
    ],
    ...[
      "a: b",
      "# c",
      "&anchor",
      "*alias",
      "!tag",
      "|",
      ">-",
      "%YAML",
      "---",
      "...",
      "{",
      "[",
      "]",
      "}",
      ",",
      "@",
      "`",
    ],
    ...[
      "line\nbreak",
      "tab\there",
      "\r\n",
      "\u0000",
      "\u0085",
      "\u2028",
      "\uFEFFbom",
      "☃",
      "\u{1F600}",
      "\ud800",
      "\udc00x",
    ],
    ...[
      '"',
      "'",
      "\\",
      '"]}',
      "[".repeat(100),
      "- ".repeat(100),
      " lead",
      "trail ",
      "x".repeat(300),
    ],
  ),
  fc.string({ maxLength: 20, unit: "binary" }),
  fc.string({ maxLength: 20 }),
);

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const nonNegative = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map((x) => x + 0);
const positive = fc.double({ min: Number.MIN_VALUE, max: 1e30, noNaN: true });
const zeroPoint = fc.integer({ min: -32_768, max: 65_535 });

const optionalError = fc.option(nonNegative, { nil: undefined });
const metrics: fc.Arbitrary<GenomeMetrics> = fc
  .tuple(
    fc.record({
      accuracy: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x + 0),
      accuracyKind: fc.constantFrom("predicted", "measured"),
      accuracyMetric: hostileText,
      accuracyMetricValue: number.map((x) => x + 0),
      compressionRatio: nonNegative,
      sizeBytes: nonNegative,
      storedBytes: nonNegative,
      inferenceLatencyMs: nonNegative,
      memoryFootprintMb: nonNegative,
      energyPerInferenceMj: nonNegative,
      costKind: fc.constantFrom("predicted", "measured"),
      fitnessScore: number.map((x) => x + 0),
      violations: fc.dictionary(
        fc.constantFrom("targetLatencyMs", "minAccuracy", "refusedLayers"),
        nonNegative,
      ),
    }),
    fc.record({ latencyRelativeError: optionalError, energyRelativeError: optionalError }),
  )
  .map(([found, { latencyRelativeError, energyRelativeError }]) => ({
    ...found,
    ...(latencyRelativeError !== undefined && { latencyRelativeError }),
    ...(energyRelativeError !== undefined && { energyRelativeError }),
  }));

const calibration: fc.Arbitrary<LayerCalibration> = fc.record(
  {
    weight: fc
      .array(fc.tuple(positive, zeroPoint), { minLength: 1, maxLength: 5 })
      .map((pairs) => ({
        scale: pairs.map(([scale]) => scale),
        zeroPoint: pairs.map(([, zero]) => zero),
      })),
    activation: fc.record({ scale: positive, zeroPoint }),
  },
  { requiredKeys: [] },
);

/** A genome with hostile names, and all that a document can say about it. */
export const documents = fc
  .record({
    layers: fc.uniqueArray(
      fc.record({
        name: hostileText.filter((name) => name !== ""),
        fields: layerFields,
        count: fc.nat(),
        calibration: fc.option(calibration, { nil: undefined }),
      }),
      { minLength: 1, maxLength: 5, selector: (layer) => layer.name },
    ),
    counted: fc.boolean(),
    globalScheme: fc.constantFrom("symmetric", "asymmetric", "power-of-two"),
    calibrationMethod: methods,
    metrics: fc.option(metrics, { nil: undefined }),
    target: fc.option(
      hostileText.filter((name) => name !== ""),
      { nil: undefined },
    ),
    model: fc.option(hostileText, { nil: undefined }),
    notes: fc.array(hostileText, { maxLength: 3 }),
  })
  .map(({ layers, counted, globalScheme, calibrationMethod, metrics, target, model, notes }) => ({
    genome: new QuantizationGenome({
      layerConfigs: new Map(layers.map(({ name, fields }) => [name, new LayerQuantConfig(fields)])),
      globalScheme: globalScheme as "symmetric",
      calibrationMethod: calibrationMethod as "mse",
      ...(counted && { parameterCounts: new Map(layers.map(({ name, count }) => [name, count])) }),
      ...(metrics && { metrics }),
    }),
    context: {
      target,
      model,
      notes,
      calibrated: new Map(
        layers.flatMap(({ name, calibration: found }) =>
          found?.weight || found?.activation ? [[name, found] as const] : [],
        ),
      ),
    },
  }));
