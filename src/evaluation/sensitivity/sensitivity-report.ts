import { InvalidArgumentError } from "../../errors.js";
import type { ModelSpec } from "../../model/layer-spec.js";
import { rankCorrelation } from "../../numeric/rank-correlation.js";
import { checkedHarms } from "./checked-harms.js";
import type { SensitivityMetric, SensitivityRequest } from "./contract.js";

/**
 * What several metrics say of a model's layers, next to one that was measured: plain data, fit for
 * JSON.
 */
export interface SensitivityReport {
  /** Name of the metric that the others are compared with. */
  readonly reference: string;
  readonly metrics: readonly {
    readonly name: string;
    readonly kind: "predicted" | "measured";
    /**
     * Spearman's rank correlation with the reference over layers, -1 to 1; null when one of them is
     * the same for all layers.
     */
    readonly rankCorrelation: number | null;
  }[];
  /** In model order; harms by name of the metric, each in its own unit. */
  readonly layers: readonly {
    readonly name: string;
    readonly harms: Readonly<Record<string, number>>;
  }[];
}

/**
 * Asks every metric about every layer, and says how well each ranks them next to the reference,
 * usually {@link accuracyDrop}.
 * @param metrics names all different, also from the reference's
 * @throws InvalidArgumentError for two metrics of one name or a model of one layer; what a metric
 *   throws
 */
export async function sensitivityReport(
  model: ModelSpec,
  metrics: readonly SensitivityMetric[],
  reference: SensitivityMetric,
  request: SensitivityRequest = {},
): Promise<SensitivityReport> {
  const all = [reference, ...metrics];
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
  for (const metric of all) columns.push(await checkedHarms(metric, model, request));
  const truth = [...columns[0]!.values()];
  return {
    reference: reference.name,
    metrics: all.map(({ name, kind }, i) => {
      const found = rankCorrelation([...columns[i]!.values()], truth);
      return { name, kind, rankCorrelation: Number.isNaN(found) ? null : found };
    }),
    layers: model.layers.map(({ name }) => ({
      name,
      harms: Object.fromEntries(names.map((metric, i) => [metric, columns[i]!.get(name)!])),
    })),
  };
}
