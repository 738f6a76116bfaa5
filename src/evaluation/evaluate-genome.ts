import { EvaluationError } from "../errors.js";
import type { GeneKind } from "../genes/gene-kind.js";
import type { GenomeMetrics, QuantizationGenome } from "../genome/quantization-genome.js";
import type { CostEstimate, HardwareCostModel } from "../hardware/contract.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { checkedEvaluate, checkSampleCount, reasonOf } from "./checked-evaluate.js";
import {
  type ConstraintTargets,
  checkConstraintTargets,
  constraintViolations,
  totalViolation,
} from "./constraints.js";
import type { AccuracyEstimate, AccuracyEvaluator } from "./evaluator.js";
import {
  checkFitnessWeights,
  type FitnessCosts,
  type FitnessWeights,
  weightedFitness,
} from "./fitness.js";
import { float32SizeBytes, genomeSizeBytes } from "./genome-size.js";
import { float32Genome } from "./uniform-genome.js";

/** What the evaluation of a genome depends on. */
export interface EvaluationDependencies {
  readonly model: ModelSpec;
  readonly evaluator: AccuracyEvaluator;
  readonly costModel: HardwareCostModel;
  /** Limits of a feasible genome. */
  readonly targets: ConstraintTargets;
  /** Weights of the fitness score. */
  readonly weights: FitnessWeights;
  /** Genes beside the settings of layers. Default: none. */
  readonly kinds?: readonly GeneKind[] | undefined;
}

/**
 * {@link EvaluationDependencies} and the costs of the float32 model.
 * {@link createEvaluationContext} makes it.
 */
export interface EvaluationContext extends EvaluationDependencies {
  /** Costs of the float32 model on the same target, which savings are relative to. */
  readonly reference: FitnessCosts;
}

/**
 * Checks the dependencies and asks the cost model once for the float32 model.
 * @throws InvalidArgumentError when a limit, weight or the evaluator's `sampleCount` is out of
 *   range; EvaluationError when the cost model fails
 */
export function createEvaluationContext(dependencies: EvaluationDependencies): EvaluationContext {
  checkConstraintTargets(dependencies.targets);
  checkFitnessWeights(dependencies.weights);
  checkSampleCount(dependencies.evaluator);
  const { latencyMs, energyMj } = checkedCost(dependencies, float32Genome(dependencies.model));
  return {
    ...dependencies,
    reference: { sizeBytes: float32SizeBytes(dependencies.model), latencyMs, energyMj },
  };
}

/**
 * Evaluates one genome. The evaluator gives its accuracy, and the cost model its latency, energy
 * and memory. Size, broken limits and fitness are computed from these.
 * @returns the same genome with its metrics
 * @throws EvaluationError when the evaluator or the cost model throws or returns an invalid answer;
 *   after an abort, what the evaluator throws
 */
export async function evaluateGenome(
  genome: QuantizationGenome,
  context: EvaluationContext,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<QuantizationGenome> {
  return (await assessGenome(genome, context, options)).genome;
}

/** A genome with its metrics, and the full estimate of its evaluator. */
export interface AssessedGenome {
  readonly genome: QuantizationGenome;
  readonly estimate: AccuracyEstimate;
}

/**
 * As {@link evaluateGenome}, with the estimate that the metrics come from.
 * @param options.samples evaluate on the first `samples` samples only; default: all
 */
export async function assessGenome(
  genome: QuantizationGenome,
  context: EvaluationContext,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly samples?: number | undefined;
  } = {},
): Promise<AssessedGenome> {
  const cost = checkedCost(context, genome);
  const estimate = await checkedEvaluate(
    context.evaluator,
    genome,
    options.signal,
    options.samples,
  );
  return { genome: genome.with({ metrics: toMetrics(genome, context, cost, estimate) }), estimate };
}

/**
 * The metrics of a genome for an estimate that is already known.
 * @throws EvaluationError when the cost model throws or returns an invalid answer
 */
export function metricsOf(
  genome: QuantizationGenome,
  context: EvaluationContext,
  estimate: AccuracyEstimate,
): GenomeMetrics {
  return toMetrics(genome, context, checkedCost(context, genome), estimate);
}

function toMetrics(
  genome: QuantizationGenome,
  context: EvaluationContext,
  cost: CostEstimate,
  estimate: AccuracyEstimate,
): GenomeMetrics {
  const { model, reference, targets, weights } = context;
  const { accuracy } = estimate;
  const sizeBytes = genomeSizeBytes(model, genome, context.kinds);
  const { latencyMs, energyMj } = cost;
  const violations = constraintViolations(
    {
      accuracy,
      latencyMs,
      energyMj,
      memoryMb: cost.memoryFootprintMb,
      refusedShare: cost.refusedLayers.length / model.layers.length,
    },
    targets,
  );
  return {
    accuracy,
    accuracyKind: estimate.kind,
    accuracyMetric: estimate.metric,
    accuracyMetricValue: estimate.metricValue,
    ...(estimate.samples !== undefined && { accuracySamples: estimate.samples }),
    ...(estimate.standardError !== undefined && { accuracyStandardError: estimate.standardError }),
    ...(estimate.interval !== undefined && { accuracyInterval: estimate.interval }),
    compressionRatio: sizeBytes === 0 ? 1 : reference.sizeBytes / sizeBytes,
    sizeBytes,
    storedBytes: cost.storedBytes,
    ...fileBytesOf(genome, context.evaluator),
    inferenceLatencyMs: latencyMs,
    memoryFootprintMb: cost.memoryFootprintMb,
    energyPerInferenceMj: energyMj,
    ...(cost.uncertainty !== undefined && {
      latencyRelativeError: cost.uncertainty.latency,
      energyRelativeError: cost.uncertainty.energy,
    }),
    costKind: cost.kind,
    fitnessScore: weightedFitness(
      { accuracy, sizeBytes, latencyMs, energyMj },
      reference,
      weights,
      totalViolation(violations),
    ),
    violations,
  };
}

/** @throws EvaluationError when the evaluator predicts no number of bytes */
function fileBytesOf(
  genome: QuantizationGenome,
  evaluator: AccuracyEvaluator,
): Pick<GenomeMetrics, "fileBytes"> {
  const fileBytes = evaluator.fileBytes?.(genome);
  if (fileBytes === undefined) return {};
  if (!(fileBytes >= 0 && Number.isFinite(fileBytes)))
    throw new EvaluationError(
      "evaluator.fileBytes",
      `the evaluator returned fileBytes ${String(fileBytes)}; allowed: a finite number of at ` +
        "least 0",
    );
  return { fileBytes };
}

function checkedCost(
  dependencies: EvaluationDependencies,
  genome: QuantizationGenome,
): CostEstimate {
  let cost: CostEstimate;
  try {
    cost = dependencies.costModel.estimate(dependencies.model, genome);
  } catch (cause) {
    throw new EvaluationError("costModel", `the cost model failed: ${reasonOf(cause)}`, { cause });
  }
  for (const name of ["latencyMs", "energyMj", "memoryFootprintMb", "storedBytes"] as const) {
    const value = (cost as CostEstimate | undefined)?.[name];
    if (!(typeof value === "number" && value >= 0 && Number.isFinite(value)))
      throw new EvaluationError(
        `costModel.${name}`,
        `the cost model returned ${name} ${String(value)}; allowed: a finite number of at least 0`,
      );
  }
  for (const name of ["latency", "energy"] as const) {
    const error: unknown = cost.uncertainty === undefined ? 0 : cost.uncertainty?.[name];
    if (!(typeof error === "number" && error >= 0 && Number.isFinite(error)))
      throw new EvaluationError(
        `costModel.uncertainty.${name}`,
        `the cost model returned the uncertainty ${String(error)}; allowed: a finite number ` +
          "of at least 0, or no uncertainty",
      );
  }
  if (!Array.isArray(cost.refusedLayers))
    throw new EvaluationError(
      "costModel.refusedLayers",
      "the cost model returned no list refusedLayers; allowed: the names of layers that the " +
        "target refuses, or []",
    );
  return cost;
}
