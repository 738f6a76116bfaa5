import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as quantevo from "../src/index.js";

/** A list of names between white space. */
const names = (text: string): string[] => text.trim().split(/\s+/);

const VALUES = names(`
  ACTIVATION_BITS CalibrationMethod CheckpointMismatchError EvaluationError FileError
  HardwareTarget INTEGER_BITS InvalidArgumentError InvalidConfigError InvalidDataError
  InvalidDocumentError InvalidModelError LayerKind LayerQuantConfig MissingDependencyError
  NotRunError QuantevoError QuantizationEvolutionEngine QuantizationGenome QuantizationGranularity
  QuantizationScheme Random RooflineCostModel UnsupportedError WEIGHT_BITS
  afterEvaluations afterGenerations afterTime allOf allocationFront
  anyOf archiveToString calibrate costModelFor createObserver
  defaultLayerSpace dequantize exportToString fakeQuantize hardwareProfiles
  loadHardwareProfile packBits parseArchive parseQuantizationConfig parseQuantizationDocument
  quantizationError quantize quantizedSizeBits quantizedSizeBytes referenceWorkload selectGenome
  solveAllocation unpackBits weightedFitness whenStagnant
`);

const TYPES = names(`
  AccuracyEstimate AccuracyEvaluator AccuracyLimitOn ActivationBits AllocationLayer AllocationPoint
  AllocationProblem AllocationQuestion AllocationSolution ArchiveDocument ArchiveSource
  BaselineName BaselineReport CalibrateOptions CalibrationMethodDefinition
  CalibrationMethodName CheckpointDifference CheckpointOptions
  CheckpointReport CheckpointStore Codes ComputeFormat ConstraintStatus
  CostEstimate CrossoverOperator CustomOperators DocumentFormat
  EngineParts EvaluationEvent EvaluationStage EvolutionEvent EvolutionLayers
  EvolutionOptions EvolutionResult ExplainGenomeOptions ExplainedValues ExplanationFormat
  ExportContext FailedGenome FitnessCosts FitnessWeights Gene
  GeneKind GenePlace GeneSpace GeneValue GeneValues GenerationStats
  GenomeExplanation GenomeMetrics GenomePreference HardwareCostModel HardwareProfile IntegerBits
  LayerCalibration LayerCost LayerExplanation LayerQuantConfigFields LayerSpace
  LayerSpec LimitState ModelSpec MutationContext MutationOperator ObserverOptions OperatorSupport
  ProgressCallback QuantevoErrorCode QuantizationDocument QuantizationError
  QuantizationEvolutionConfig
  QuantizationGenomeDict QuantizationGenomeFields QuantizationParams RandomState RangeObserver
  RangeRequest RangeSource RangeTarget ReferenceWorkloadOptions ResolvedConfig SamplingContext
  SamplingOperator SearchProgress SearchSpace SelectGenomeOptions
  SensitivityFallback SensitivityName SensitivityOptions Stagnation StopCondition StopReason
  VariationContext VariationOptions ViolatedLimit WeightBits WeightLayout WeightOrder WidthStep
`);

describe("the public list", () => {
  it("has these values and no others", () => {
    expect(Object.keys(quantevo).sort()).toEqual(VALUES.toSorted());
    for (const [name, value] of Object.entries(quantevo)) expect(value, name).toBeDefined();
  });

  it("has these types and no others, each written out by name", () => {
    const text = readFileSync(new URL("../src/index.ts", import.meta.url), "utf8");
    expect(text).not.toMatch(/export (type )?\*/);
    const exported = [...text.matchAll(/export (type )?\{([^}]*)\}/g)].flatMap(
      ([, allTypes, list]) =>
        list!
          .split(",")
          .map((entry) => entry.trim())
          .filter((entry) => entry !== "" && (allTypes !== undefined || entry.startsWith("type ")))
          .map((entry) => entry.replace(/^type /, "")),
    );
    expect(exported.sort()).toEqual(TYPES.toSorted());
  });

  it("leaves the parts of prediction to an entry point of their own", async () => {
    const evaluation = await import("../src/evaluation/index.js");
    expect(Object.keys(evaluation).sort()).toEqual([
      ...[
        "accuracyDrop",
        "createNoiseTable",
        "createPredictedEvaluator",
        "curvature",
        "explanationToString",
      ],
      ...[
        "layerSensitivity",
        "measuredSensitivity",
        "outputError",
        "priorWeightedNoise",
        "sensitivityReport",
        "weightNoise",
      ],
    ]);
  });

  it("publishes the contract suites, and what a calibration method is added with", async () => {
    const testing = await import("../src/testing/index.js");
    expect(Object.keys(testing).sort()).toEqual([
      "accuracyEvaluatorContract",
      "calibrationMethodContract",
      "crossoverOperatorContract",
      "hardwareCostModelContract",
      "mutationOperatorContract",
      "samplingOperatorContract",
      "sensitivityMetricContract",
    ]);
    const calibration = await import("../src/calibration/index.js");
    expect(Object.keys(calibration).sort()).toEqual([
      ...["CALIBRATION_CODES", "CalibrationMethod", "addCalibrationMethod", "calibrate"],
      ...["calibrateAndQuantize", "calibrationMethodOf", "calibrationMethods", "createObserver"],
      ...["isBuiltInMethod", "isCalibrationMethod", "tensorStatistics"],
    ]);
  });

  it("publishes a metric for each task with ONNX", async () => {
    const onnx = await import("../src/formats/onnx/index.js");
    const METRICS = names(`
      binaryClassification boxDecoder ctc detection embeddingSimilarity multiLabel
      outputAgreement outputDivergence perplexity regression segmentation ssdDecoder
      tokenClassification topKAccuracy topOneAccuracy yoloDecoder
    `);
    expect(Object.keys(onnx)).toEqual(expect.arrayContaining(METRICS));
  });

  it("has the enumerations of the contract", () => {
    expect(quantevo.HardwareTarget).toEqual({
      ARM_NEON: "arm-neon",
      ARM_DOT: "arm-dot",
      QUALCOMM_HEXAGON: "qualcomm-hexagon",
      APPLE_NEURAL_ENGINE: "apple-neural-engine",
      NVIDIA_TENSORRT: "nvidia-tensorrt",
      INTEL_VNNI: "intel-vnni",
    });
    expect(quantevo.QuantizationScheme).toEqual({
      SYMMETRIC: "symmetric",
      ASYMMETRIC: "asymmetric",
      POWER_OF_TWO: "power-of-two",
    });
    expect(quantevo.QuantizationGranularity).toEqual({
      PER_TENSOR: "per-tensor",
      PER_CHANNEL: "per-channel",
      PER_GROUP: "per-group",
    });
    expect(quantevo.CalibrationMethod).toEqual({
      MIN_MAX: "min-max",
      PERCENTILE: "percentile",
      MSE: "mse",
      ENTROPY: "entropy",
    });
    expect(quantevo.WEIGHT_BITS).toEqual([1, 1.58, 2, 3, 4, 5, 6, 8, 16, 32]);
    expect(quantevo.ACTIVATION_BITS).toEqual([4, 8, 16, 32]);
  });
});
