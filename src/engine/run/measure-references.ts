import { EvaluationError, InvalidConfigError } from "../../errors.js";
import { type EvaluationContext, lacksFloat } from "../../evaluation/evaluate-genome.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { ResolvedConfig } from "../config.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import { checkFloatKeepsLimits } from "./float-limits.js";
import type { ReferenceGenomes } from "./reference-genomes.js";

/** What {@link measureReferences} works with. */
export interface ReferenceMeasurement {
  readonly references: ReferenceGenomes;
  readonly context: EvaluationContext;
  readonly ledger: EvaluationLedger;
  readonly config: Pick<ResolvedConfig, "minAccuracy" | "accuracyLimitOn">;
  /** The run's budget in whole evaluations. Default: no limit. */
  readonly maxEvaluations: number | undefined;
  readonly signal: AbortSignal;
}

/**
 * Measures what may be used whenever the run stops. The float32 model costs an evaluation only
 * where its estimate is not known, and the space has it or a limit is relative to it.
 * @throws EvaluationError when it fails where a limit is relative to it; InvalidConfigError when
 *   the budget does not allow it besides a genome, or it breaks a limit itself
 */
export async function measureReferences(on: ReferenceMeasurement): Promise<void> {
  const { references, context, ledger, signal } = on;
  if (lacksFloat(context)) await measureFloat(on);
  if (signal.aborted) return;
  const { float, uniform } = references;
  const { estimate } = context.float;
  if (float !== undefined && estimate !== undefined) ledger.accept(float, estimate);
  await ledger.evaluate(
    float === undefined || estimate !== undefined ? uniform : [...uniform, float],
  );
}

async function measureFloat({
  context,
  ledger,
  config,
  maxEvaluations = Number.POSITIVE_INFINITY,
  signal,
}: ReferenceMeasurement): Promise<void> {
  if (maxEvaluations < 2)
    throw new InvalidConfigError(
      "maxEvaluations",
      `maxEvaluations is ${maxEvaluations}; allowed with maxAccuracyDrop and an evaluator ` +
        "without a baseline: at least 2, for the float32 model and a genome",
    );
  const floats = float32Genome(context.model);
  const [estimate] = await ledger.ask([floats]);
  if (estimate === undefined && !signal.aborted)
    throw new EvaluationError(
      "evaluator",
      "maxAccuracyDrop is a limit against the float32 model, whose evaluation failed: " +
        ledger.reasonOf(floats),
    );
  context.float.estimate = estimate;
  checkFloatKeepsLimits(config, estimate);
}
