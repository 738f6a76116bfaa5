import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { checkedHarms } from "../../evaluation/sensitivity/checked-harms.js";
import type {
  SensitivityMetric,
  SensitivityRequest,
} from "../../evaluation/sensitivity/contract.js";
import { normalized } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { sensitivityPrior } from "../../evaluation/sensitivity/sensitivity-prior.js";
import type { MeasuredMeans } from "../budget/measured-means.js";
import type { ResolvedConfig } from "../config.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import { broughtHarms } from "./brought-harms.js";
import { type CountedDrops, countedDrops } from "./counted-drops.js";
import type { FilledHarms, SensitivityFallback } from "./fill-from-prediction.js";
import { FIRST_LOOK } from "./first-look-sensitivity.js";
import { harmPerNoise, namedSensitivity } from "./sensitivity-choice.js";

/** What a {@link SensitivityAnalysis} looks at. */
export interface SensitivityAnalysisParts {
  readonly config: Pick<ResolvedConfig, "useSensitivityAnalysis" | "parallelEvaluations">;
  /** A metric of the user's, which takes the place of the configured one. */
  readonly brought: SensitivityMetric | undefined;
  readonly context: EvaluationContext;
  readonly noiseTable: NoiseTable;
  /** What exact seeds read: harms are told per power of its noise. */
  readonly seedNoise: NoiseTable;
  readonly lookAtLayers: MeasuredMeans["lookAtLayers"];
  /** Default: no limit. */
  readonly maxEvaluations: number | undefined;
}

/** How sensitive layers are, as a run goes by it. */
export interface AnalyzedSensitivity {
  /** 0 to 1 by layer. */
  readonly scores: ReadonlyMap<string, number>;
  /** How much each layer's noise counts in the tables of exact seeds. */
  readonly noiseWeights: ReadonlyMap<string, number>;
  readonly fallbacks: readonly SensitivityFallback[];
  /** The budget left layers out. */
  readonly cut: boolean;
}

/** How a run tells which layers mind being quantized. */
export class SensitivityAnalysis {
  /** What a checkpoint knows it by. */
  readonly name: string;
  readonly #parts: SensitivityAnalysisParts;
  readonly #metric: SensitivityMetric;
  readonly #lookAtLayers: MeasuredMeans["lookAtLayers"];

  constructor(parts: SensitivityAnalysisParts) {
    this.#parts = parts;
    const { config, brought, context, noiseTable } = parts;
    const asked = config.useSensitivityAnalysis;
    const named = typeof asked === "string" ? asked : "predicted";
    this.#metric = brought ?? namedSensitivity(named, { noiseTable, evaluator: context.evaluator });
    // What was asked for by name, or brought, stands.
    if (asked === true && brought === undefined) this.#lookAtLayers = parts.lookAtLayers;
    this.name = this.#lookAtLayers === undefined ? this.#metric.name : FIRST_LOOK;
  }

  /**
   * @param ledger counts what is measured for it
   * @returns undefined after an abort
   * @throws what a built-in metric throws
   */
  async analyze(
    ledger: EvaluationLedger,
    signal: AbortSignal,
  ): Promise<AnalyzedSensitivity | undefined> {
    const { context, seedNoise, config } = this.#parts;
    const looked = await this.#lookAtLayers?.(ledger);
    if (signal.aborted) return undefined;
    if (looked !== undefined)
      return {
        scores: normalized(looked.harms),
        noiseWeights: looked.perNoise,
        fallbacks: [],
        cut: looked.cut,
      };
    try {
      const { model } = context;
      const request = { concurrency: config.parallelEvaluations, signal };
      const { harms, fallbacks, cut } = await this.#harms(ledger, request);
      const predicted =
        this.#metric.name === "predicted" || fallbacks.length === model.layers.length;
      const noiseWeights = predicted
        ? sensitivityPrior(model)
        : await harmPerNoise(harms, model, seedNoise, request);
      return { scores: normalized(harms), noiseWeights, fallbacks, cut: cut ?? false };
    } catch (error) {
      if (!signal.aborted) throw error;
      return undefined;
    }
  }

  async #harms(
    ledger: EvaluationLedger,
    request: SensitivityRequest,
  ): Promise<FilledHarms & Partial<Pick<CountedDrops, "cut">>> {
    const { config, brought, context, noiseTable, maxEvaluations } = this.#parts;
    if (brought !== undefined) return broughtHarms(brought, context.model, noiseTable, request);
    // The drops of the run's own evaluator, which its ledger counts.
    if (config.useSensitivityAnalysis === "accuracy-drop")
      return countedDrops({ context, ledger, noiseTable, maxEvaluations }, request);
    return { harms: await checkedHarms(this.#metric, context.model, request), fallbacks: [] };
  }
}
