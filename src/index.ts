/**
 * Evolves how many bits each layer of a trained network deserves on a hardware target. This is the
 * core: no Node built-in is imported statically, so it runs in a browser too. ONNX is behind
 * `quantevo/onnx`.
 * @packageDocumentation
 */

// Exact allocation
export {
  type AllocationLayer,
  type AllocationPoint,
  type AllocationProblem,
  type AllocationQuestion,
  type AllocationSolution,
  allocationFront,
  solveAllocation,
} from "./allocation/index.js";
// Kernels
export {
  type CalibrateOptions,
  CalibrationMethod,
  type CalibrationMethodDefinition,
  type CalibrationMethodName,
  calibrate,
  createObserver,
  type ObserverOptions,
  type RangeObserver,
  type RangeRequest,
  type RangeSource,
  type RangeTarget,
} from "./calibration/index.js";
// Documents. Not through their entry point: what is there besides would be loaded with the core.
export { type ArchiveSource, archiveToString } from "./documents/archive-to-string.js";
export { type ExportContext, exportToString } from "./documents/export-to-string.js";
export type { LayerCalibration } from "./documents/genome-data.js";
export {
  type ArchiveDocument,
  type DocumentFormat,
  parseArchive,
  parseQuantizationConfig,
  parseQuantizationDocument,
  type QuantizationDocument,
} from "./documents/parse-quantization-config.js";
// The search
export type { CheckpointStore } from "./engine/checkpoint/checkpoint-store.js";
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
  type EvaluationEvent,
  type EvaluationStage,
  type EvolutionEvent,
  type EvolutionLayers,
  type EvolutionOptions,
  type EvolutionResult,
  type ExplainGenomeOptions,
  type FailedGenome,
  type GenerationStats,
  type ProgressCallback,
  type QuantizationEvolutionConfig,
  QuantizationEvolutionEngine,
  type ResolvedConfig,
  type SearchProgress,
  type SensitivityFallback,
  type SensitivityName,
  type SensitivityOptions,
  type Stagnation,
  type StopCondition,
  type StopReason,
  type ViolatedLimit,
  whenStagnant,
} from "./engine/index.js";
export type { CustomOperators } from "./engine/run/custom-operators.js";
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
export type { AccuracyLimitOn } from "./evaluation/accuracy-limits.js";
export type { AccuracyEstimate, AccuracyEvaluator } from "./evaluation/evaluator.js";
// Explanations
export type { ExplanationFormat } from "./evaluation/explain/explanation-text.js";
export type {
  ExplainedValues,
  GenomeExplanation,
  LayerExplanation,
  LimitState,
  WidthStep,
} from "./evaluation/explain/genome-explanation.js";
export { type FitnessCosts, type FitnessWeights, weightedFitness } from "./evaluation/fitness.js";
export {
  type GenomePreference,
  type SelectGenomeOptions,
  selectGenome,
} from "./evaluation/select-genome.js";
// Genes and genomes
export {
  ACTIVATION_BITS,
  type ActivationBits,
  WEIGHT_BITS,
  type WeightBits,
} from "./genes/bits.js";
export type { Gene, GeneValue } from "./genes/gene.js";
export type { GeneKind, GenePlace, GeneValues } from "./genes/gene-kind.js";
export type { LayerSpace } from "./genes/precision.js";
export { defaultLayerSpace, type SearchSpace } from "./genes/search-space.js";
export type { GeneSpace } from "./genome/gene-space.js";
export { LayerQuantConfig, type LayerQuantConfigFields } from "./genome/layer-quant-config.js";
export {
  type GenomeMetrics,
  QuantizationGenome,
  type QuantizationGenomeDict,
  type QuantizationGenomeFields,
  type VariationOptions,
} from "./genome/quantization-genome.js";
// Hardware
export type {
  ComputeFormat,
  CostEstimate,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "./hardware/contract.js";
export { HardwareTarget } from "./hardware/contract.js";
export { costModelFor, hardwareProfiles } from "./hardware/core-registry.js";
export { loadHardwareProfile } from "./hardware/profile/load-hardware-profile.js";
export type { HardwareProfile } from "./hardware/profile/profile-schema.js";
export { RooflineCostModel } from "./hardware/roofline/roofline-cost-model.js";
// Models
export {
  LayerKind,
  type LayerSpec,
  type ModelSpec,
  type WeightLayout,
  type WeightOrder,
} from "./model/layer-spec.js";
export { type ReferenceWorkloadOptions, referenceWorkload } from "./model/reference-workload.js";
// Operators
export type {
  CrossoverOperator,
  MutationContext,
  MutationOperator,
  SamplingContext,
  SamplingOperator,
  VariationContext,
} from "./operators/contract.js";
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
