/**
 * Evolves how many bits each layer of a trained network deserves on a hardware target. This is the core: no Node
 * built-in is imported statically, so it runs in a browser too. ONNX is behind `quantevo/onnx`.
 * @packageDocumentation
 */

// Exact allocation
export { type AllocationPoint, allocationFront } from "./allocation/allocation-front.js";
export type { AllocationLayer, AllocationProblem } from "./allocation/allocation-problem.js";
export {
  type AllocationQuestion,
  type AllocationSolution,
  solveAllocation,
} from "./allocation/solve-allocation.js";
// Kernels
export {
  type CalibrateOptions,
  CalibrationMethod,
  calibrate,
  createObserver,
  type ObserverOptions,
  type RangeObserver,
  type RangeRequest,
} from "./calibration/index.js";
// The search
export {
  afterEvaluations,
  afterGenerations,
  afterTime,
  allOf,
  anyOf,
  type BaselineName,
  type BaselineReport,
  type CheckpointOptions,
  type CheckpointReport,
  type ConstraintStatus,
  type EngineParts,
  type EvolutionEvent,
  type EvolutionLayers,
  type EvolutionOptions,
  type EvolutionResult,
  type ExplainGenomeOptions,
  type FailedGenome,
  type GenerationStats,
  type MergedArchive,
  type MergeSource,
  mergeArchives,
  type ProgressCallback,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type ResolvedConfig,
  type SearchProgress,
  type SensitivityName,
  type SensitivityOptions,
  type Stagnation,
  type StopCondition,
  type StopReason,
  type ViolatedLimit,
  whenStagnant,
} from "./engine/index.js";
// Errors
export {
  type CheckpointDifference,
  CheckpointMismatchError,
  EvaluationError,
  FileError,
  InvalidArgumentError,
  InvalidConfigError,
  InvalidDataError,
  InvalidDocumentError,
  InvalidModelError,
  MissingDependencyError,
  NotRunError,
  QuantevoError,
  type QuantevoErrorCode,
  UnsupportedError,
} from "./errors.js";
// Accuracy
export type { AccuracyEstimate, AccuracyEvaluator } from "./evaluation/evaluator.js";
// Explanations
export { type ExplanationFormat, explanationToString } from "./evaluation/explanation-text.js";
export { type FitnessCosts, type FitnessWeights, weightedFitness } from "./evaluation/fitness.js";
export type {
  ExplainedValues,
  GenomeExplanation,
  LayerExplanation,
  LimitState,
  WidthStep,
} from "./evaluation/genome-explanation.js";
export {
  createNoiseTable,
  type KnownNoise,
  type NoiseTable,
  type NoiseTableOptions,
} from "./evaluation/noise-table.js";
export {
  createPredictedEvaluator,
  type PredictedEvaluatorOptions,
} from "./evaluation/predicted-evaluator.js";
export {
  layerSensitivity,
  type MeasuredSensitivityOptions,
  measuredSensitivity,
} from "./evaluation/sensitivity.js";
// Sensitivity
export { type AccuracyDropOptions, accuracyDrop } from "./evaluation/sensitivity-metrics/accuracy-drop.js";
export type {
  ProbeOptions,
  SensitivityMetric,
  SensitivityRequest,
} from "./evaluation/sensitivity-metrics/contract.js";
export { type CurvatureOptions, curvature } from "./evaluation/sensitivity-metrics/curvature.js";
export { outputError } from "./evaluation/sensitivity-metrics/output-error.js";
export {
  type SensitivityReport,
  sensitivityReport,
} from "./evaluation/sensitivity-metrics/sensitivity-report.js";
export {
  priorWeightedNoise,
  type WeightNoiseOptions,
  weightNoise,
} from "./evaluation/sensitivity-metrics/weight-noise.js";
// Documents
export {
  type ArchiveDocument,
  type ArchiveSource,
  archiveToString,
  type CheckpointStore,
  type DocumentFormat,
  type ExportContext,
  exportToString,
  type FrontAxis,
  type FrontMark,
  type LayerCalibration,
  type ParetoFrontSvgOptions,
  paretoFrontSvg,
  parseArchive,
  parseQuantizationConfig,
  parseQuantizationDocument,
  type QuantizationDocument,
  writeQuantizationConfig,
} from "./export/index.js";
// Genomes
export { ACTIVATION_BITS, type ActivationBits, WEIGHT_BITS, type WeightBits } from "./genome/bits.js";
export { LayerQuantConfig, type LayerQuantConfigFields } from "./genome/layer-quant-config.js";
export {
  type GenomeMetrics,
  QuantizationGenome,
  type QuantizationGenomeDict,
  type QuantizationGenomeFields,
  type VariationOptions,
} from "./genome/quantization-genome.js";
export { defaultLayerSpace, type LayerSpace, type SearchSpace } from "./genome/search-space.js";
// Hardware
export {
  type ComputeFormat,
  type CostEstimate,
  costModelFor,
  type HardwareCostModel,
  type HardwareProfile,
  HardwareTarget,
  hardwareProfiles,
  type LayerCost,
  loadHardwareProfile,
  type OperatorSupport,
  RooflineCostModel,
} from "./hardware/index.js";
// Models
export { LayerKind, type LayerSpec, type ModelSpec, type WeightLayout } from "./model/layer-spec.js";
export { type ReferenceWorkloadOptions, referenceWorkload } from "./model/reference-workload.js";
// Fronts
export {
  constrainedDominates,
  crowdingDistance,
  dominates,
  hypervolume,
  nonDominatedSort,
  type ObjectiveMatrix,
  type Objectives,
  ParetoArchive,
  type ParetoArchiveOptions,
  type ParetoEntry,
} from "./pareto/index.js";
export {
  type Codes,
  dequantize,
  fakeQuantize,
  INTEGER_BITS,
  type IntegerBits,
  packBits,
  type QuantizationError,
  QuantizationGranularity,
  type QuantizationParams,
  QuantizationScheme,
  quantizationError,
  quantize,
  quantizedSizeBits,
  quantizedSizeBytes,
  unpackBits,
} from "./quantization/index.js";

// Random numbers
export { Random, type RandomState } from "./random/random.js";
