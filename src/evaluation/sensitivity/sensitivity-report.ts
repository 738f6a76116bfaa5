import { InvalidArgumentError } from "../../errors.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { rankCorrelation } from "../../numeric/rank-correlation.js";
import { checkedLossIncreases } from "./checked-loss-increases.js";
import type { SensitivityMetric, SensitivityRequest } from "./contract.js";
import { currentMetric, type HarmsMetric } from "./deprecated-harms.js";

/** Several sensitivity metrics compared with a reference metric. Plain data, fit for JSON. */
export interface SensitivityReport {
  /** Name of the metric that the others are compared with. */
  readonly reference: string;
  /** The reference first, then the others in the order given. */
  readonly metrics: readonly {
    readonly name: string;
    readonly kind: "predicted" | "measured";
    /**
     * Spearman's rank correlation with the reference over the layers, -1 to 1. It is null when
     * either metric has one value for all layers.
     */
    readonly rankCorrelation: number | null;
  }[];
  /** In model order. */
  readonly layers: readonly {
    readonly name: string;
    /** By the name of the metric, each in the metric's own unit. */
    readonly lossIncreases: Readonly<Record<string, number>>;
    /** @deprecated Read `lossIncreases`, which is the same. */
    readonly harms: Readonly<Record<string, number>>;
  }[];
}

/**
 * Compares sensitivity metrics by how well they rank the layers of a model.
 * @param metrics metrics with different names, none of them the reference's
 * @param reference the metric that the others are compared with, usually {@link accuracyDrop}
 * @throws InvalidArgumentError for two metrics of one name or a model of one layer; EvaluationError
 *   when a metric reports no finite number of at least 0 for a layer; what a metric throws; the
 *   signal's reason after an abort
 *
 * @example
 * ```ts
 * const report = await sensitivityReport(model, [weightNoise()], accuracyDrop(evaluator));
 * for (const { name, rankCorrelation } of report.metrics) console.log(name, rankCorrelation);
 * ```
 */
export async function sensitivityReport(
  model: ModelSpec,
  metrics: readonly (SensitivityMetric | HarmsMetric)[],
  reference: SensitivityMetric | HarmsMetric,
  request: SensitivityRequest = {},
): Promise<SensitivityReport> {
  const all = [reference, ...metrics].map(currentMetric);
  const names = all.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new InvalidArgumentError(
      "metrics",
      `two metrics are called ${JSON.stringify(twice)}; allowed: different names`,
    );
  if (model.layers.length < 2)
    throw new InvalidArgumentError(
      "model.layers",
      "the model has one layer; allowed: two or more, to be ranked",
    );
  const columns: ReadonlyMap<string, number>[] = [];
  for (const metric of all) columns.push(await checkedLossIncreases(metric, model, request));
  const truth = [...columns[0]!.values()];
  return {
    reference: reference.name,
    metrics: all.map(({ name, kind }, i) => {
      const found = rankCorrelation([...columns[i]!.values()], truth);
      return { name, kind, rankCorrelation: Number.isNaN(found) ? null : found };
    }),
    layers: model.layers.map(({ name }) => {
      const lossIncreases = Object.fromEntries(
        names.map((metric, i) => [metric, columns[i]!.get(name)!]),
      );
      return { name, lossIncreases, harms: lossIncreases };
    }),
  };
}
