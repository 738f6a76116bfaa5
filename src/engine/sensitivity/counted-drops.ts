import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { checkedHarms } from "../../evaluation/sensitivity/checked-harms.js";
import type { SensitivityRequest } from "../../evaluation/sensitivity/contract.js";
import { layerAlone } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { priorWeightedNoise } from "../../evaluation/sensitivity/weight-noise.js";
import { float32Genome } from "../../evaluation/uniform-genome.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import { type FilledHarms, fillFromPrediction } from "./fill-from-prediction.js";

/** Drops of accuracy by layer, and what of them is none. */
export interface CountedDrops extends FilledHarms {
  /** The budget left layers out. */
  readonly cut: boolean;
}

/** What {@link countedDrops} measures with. */
export interface CountedDropsParts {
  readonly context: EvaluationContext;
  readonly ledger: EvaluationLedger;
  readonly noiseTable: NoiseTable;
  /** Default: no limit. */
  readonly maxEvaluations?: number | undefined;
}

/** Most of the budget that goes into sensitivities: the search is to have as much. */
const SHARE_OF_BUDGET = 1 / 2;

/**
 * How much accuracy falls when one layer's weights alone are quantized, as `accuracyDrops` says it,
 * from evaluations that the ledger counts. A layer whose evaluation fails, or that the budget
 * leaves out (those with the least predicted harm), has its predicted harm in the same scale.
 * @throws the signal's reason after an abort
 */
export async function countedDrops(
  { context, ledger, noiseTable, maxEvaluations = Number.POSITIVE_INFINITY }: CountedDropsParts,
  request: SensitivityRequest,
): Promise<CountedDrops> {
  const { model, evaluator } = context;
  const predicted = await checkedHarms(priorWeightedNoise({ noiseTable }), model, request);
  const floats = float32Genome(model);
  const affordable = Math.floor(maxEvaluations * SHARE_OF_BUDGET);
  let { baseline } = evaluator;
  const most = affordable - (baseline === undefined ? 1 : 0);
  const chosen = new Set(
    [...predicted]
      .sort(([, a], [, b]) => b - a)
      .slice(0, Math.max(0, most))
      .map(([name]) => name),
  );
  if (baseline === undefined && chosen.size > 0) [baseline] = await ledger.ask([floats]);
  const probes = model.layers
    .filter(({ name }) => chosen.has(name))
    .map(({ name }) => ({ name, genome: layerAlone(floats, name) }));
  const answers =
    baseline === undefined ? [] : await ledger.ask(probes.map(({ genome }) => genome));
  request.signal?.throwIfAborted();
  const measured = new Map<string, number>();
  const reasons = new Map<string, string | undefined>();
  for (const [i, { name, genome }] of probes.entries()) {
    const answer = answers[i];
    if (answer !== undefined) measured.set(name, Math.max(0, baseline!.accuracy - answer.accuracy));
    else reasons.set(name, ledger.reasonOf(baseline === undefined ? floats : genome));
  }
  return {
    harms: fillFromPrediction(measured, predicted),
    fallbacks: model.layers
      .filter(({ name }) => !measured.has(name))
      .map(({ name: layer }) => ({
        layer,
        reason:
          reasons.get(layer) ?? `half of maxEvaluations, ${affordable}, is spent on other layers`,
      })),
    cut: chosen.size < model.layers.length,
  };
}
