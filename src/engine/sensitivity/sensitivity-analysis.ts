import type { EvaluationContext } from "../../evaluation/evaluate-genome.js";
import type { NoiseTable } from "../../evaluation/noise/noise-table.js";
import { checkedLossIncreases } from "../../evaluation/sensitivity/checked-loss-increases.js";
import type {
  SensitivityMetric,
  SensitivityRequest,
} from "../../evaluation/sensitivity/contract.js";
import { normalized } from "../../evaluation/sensitivity/layer-sensitivity.js";
import { sensitivityPrior } from "../../evaluation/sensitivity/sensitivity-prior.js";
import type { ResolvedConfig } from "../config.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import { customLossIncreases } from "./custom-loss-increases.js";
import type { FilledLossIncreases, SensitivityFallback } from "./fill-from-prediction.js";
import { type MeasuredAccuracyDrops, measuredAccuracyDrops } from "./measured-accuracy-drops.js";
import { lossIncreasePerNoise, namedSensitivity } from "./sensitivity-choice.js";
import { type MeasureSingleLayers, SINGLE_LAYER } from "./single-layer-sensitivity.js";

/** What a {@link SensitivityAnalysis} works with. */
export interface SensitivityAnalysisDependencies {
  readonly config: Pick<ResolvedConfig, "useSensitivityAnalysis" | "parallelEvaluations">;
  /** A user-supplied metric, which replaces the configured one. */
  readonly custom: SensitivityMetric | undefined;
  readonly context: EvaluationContext;
  readonly noiseTable: NoiseTable;
  /** The table that exact seeds read: noise weights refer to its noise. */
  readonly seedNoise: NoiseTable;
  /** Measures layers one at a time. Absent where that would cost too much. */
  readonly measureSingleLayers: MeasureSingleLayers | undefined;
  /** The run's budget in whole evaluations. Default: no limit. */
  readonly maxEvaluations: number | undefined;
}

/** The sensitivities that a run uses. */
export interface AnalyzedSensitivity {
  /** 0 to 1, by layer name. */
  readonly scores: ReadonlyMap<string, number>;
  /** Weight of each layer's noise in the tables of exact seeds, by layer name. */
  readonly noiseWeights: ReadonlyMap<string, number>;
  /** Layers whose sensitivity was predicted because the metric gave none. */
  readonly fallbacks: readonly SensitivityFallback[];
  /** Whether the budget was too small to measure every layer. */
  readonly cut: boolean;
}

/** Finds out for a run how sensitive its layers are. */
export class SensitivityAnalysis {
  /** The name of the metric in a checkpoint. */
  readonly name: string;
  readonly #dependencies: SensitivityAnalysisDependencies;
  readonly #metric: SensitivityMetric;
  readonly #measureSingleLayers: MeasureSingleLayers | undefined;

  constructor(dependencies: SensitivityAnalysisDependencies) {
    this.#dependencies = dependencies;
    const { config, custom, context, noiseTable } = dependencies;
    const asked = config.useSensitivityAnalysis;
    const named = typeof asked === "string" ? asked : "predicted";
    this.#metric = custom ?? namedSensitivity(named, { noiseTable, evaluator: context.evaluator });
    // A metric that the user named or supplied is not replaced.
    if (asked === true && custom === undefined)
      this.#measureSingleLayers = dependencies.measureSingleLayers;
    this.name = this.#measureSingleLayers === undefined ? this.#metric.name : SINGLE_LAYER;
  }

  /**
   * Runs the analysis.
   * @param ledger counts the evaluations that it costs
   * @returns undefined after an abort
   * @throws what a built-in metric throws
   */
  async analyze(
    ledger: EvaluationLedger,
    signal: AbortSignal,
  ): Promise<AnalyzedSensitivity | undefined> {
    const { context, seedNoise, config } = this.#dependencies;
    const measured = await this.#measureSingleLayers?.(ledger);
    if (signal.aborted) return undefined;
    if (measured !== undefined)
      return {
        scores: normalized(measured.lossIncreases),
        noiseWeights: measured.perNoise,
        fallbacks: [],
        cut: measured.cut,
      };
    try {
      const { model } = context;
      const request = { concurrency: config.parallelEvaluations, signal };
      const { lossIncreases, fallbacks, cut } = await this.#lossIncreases(ledger, request);
      const predicted =
        this.#metric.name === "predicted" || fallbacks.length === model.layers.length;
      const noiseWeights = predicted
        ? sensitivityPrior(model)
        : await lossIncreasePerNoise(lossIncreases, model, seedNoise, request);
      return { scores: normalized(lossIncreases), noiseWeights, fallbacks, cut: cut ?? false };
    } catch (error) {
      if (!signal.aborted) throw error;
      return undefined;
    }
  }

  async #lossIncreases(
    ledger: EvaluationLedger,
    request: SensitivityRequest,
  ): Promise<FilledLossIncreases & Partial<Pick<MeasuredAccuracyDrops, "cut">>> {
    const { config, custom, context, noiseTable, maxEvaluations } = this.#dependencies;
    if (custom !== undefined)
      return customLossIncreases(custom, context.model, noiseTable, request);
    // The drops are measured with the run's own evaluator, so its ledger counts them.
    if (config.useSensitivityAnalysis === "accuracy-drop")
      return measuredAccuracyDrops({ context, ledger, noiseTable, maxEvaluations }, request);
    return {
      lossIncreases: await checkedLossIncreases(this.#metric, context.model, request),
      fallbacks: [],
    };
  }
}
