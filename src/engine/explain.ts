import { measureFloat } from "../evaluation/evaluate-genome.js";
import { explainGenome } from "../evaluation/explain/explain-genome.js";
import type { GenomeExplanation } from "../evaluation/explain/genome-explanation.js";
import type { QuantizationGenome } from "../genome/quantization-genome.js";
import { geneSpaceOf } from "./run/gene-space-of.js";
import { createRunContext, type RunDependencies } from "./run/run-context.js";

/** How a genome is explained. */
export interface ExplainGenomeOptions {
  /**
   * Predict accuracies from quantization noise although the engine has an evaluator. Default false.
   */
  readonly predict?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Explains a genome in the space that a run with these parts would search.
 * @throws as {@link explainGenome} and a run's beginning do
 */
export async function explainWith(
  parts: RunDependencies,
  genome: QuantizationGenome,
  { predict = false, signal }: ExplainGenomeOptions,
): Promise<GenomeExplanation> {
  const { config, model, costModel } = parts;
  const space = geneSpaceOf(model, config, costModel, parts.genes);
  const context = createRunContext({ ...parts, evaluator: predict ? undefined : parts.evaluator });
  await measureFloat(context, signal);
  return explainGenome(genome, context, { space, concurrency: config.parallelEvaluations, signal });
}
