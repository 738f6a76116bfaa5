import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { BaselineReport } from "../baselines/baseline-report.js";
import type { CheckpointReport } from "../checkpoint/checkpoint.js";
import type { FailedGenome } from "../ledger/evaluation-ledger.js";
import type { ViolatedLimit } from "../ledger/violated-limits.js";
import type { SensitivityFallback } from "../sensitivity/fill-from-prediction.js";
import type { StopReason } from "../stop/termination.js";
import type { GenerationStats } from "./progress.js";

/** What a run found, and how. */
export interface EvolutionResult {
  /**
   * Every feasible genome that no other one dominates in accuracy, size, latency and energy, most
   * accurate first. When no genome kept to every limit, those that keep to them best: no other one
   * breaks no limit more and some less; the least violation comes first. Empty only after an early
   * abort.
   */
  readonly paretoFront: readonly QuantizationGenome[];
  /**
   * The genomes of the front that pay for what they cost, most accurate first: without those whose
   * advantage in accuracy over a cheaper one is within the noise of the measurement (a one-sided
   * error of 5%, paired by samples). The front itself when accuracies were predicted; without
   * scores of samples accuracies are compared as they are.
   */
  readonly significantFront: readonly QuantizationGenome[];
  /**
   * The genome of the front with the highest weighted fitness; undefined when the front is empty.
   */
  readonly best: QuantizationGenome | undefined;
  /** Generations that were completed, the first population not counted. */
  readonly generations: number;
  /** Genomes that were evaluated, failed ones included. */
  readonly evaluations: number;
  /** The same in whole evaluations: one on a quarter of the samples counts a quarter. */
  readonly wholeEvaluations: number;
  /** Evaluations that the cache saved. */
  readonly cacheHits: number;
  /** Genomes that could not be evaluated, with the reason; of more than `cacheLimit` the latest. */
  readonly failures: readonly FailedGenome[];
  /** One entry per generation, the first population first. */
  readonly history: readonly GenerationStats[];
  readonly stopReason: StopReason;
  /** The genomes of the front keep to every limit. */
  readonly feasible: boolean;
  /**
   * The limits that the first genome of the front breaks, and by how much, the worst first; empty
   * when feasible.
   */
  readonly violatedLimits: readonly ViolatedLimit[];
  /**
   * What tells the evaluator from others: model, data and metric; its kind when it does not say.
   */
  readonly evaluatorIdentity: string;
  /** Whether accuracies were predicted or measured. */
  readonly accuracyKind: "predicted" | "measured";
  /** Name of the hardware target. */
  readonly target: string;
  readonly seed: string | number;
  /**
   * How the baselines that were asked for fared with as many whole evaluations; absent when none
   * was.
   */
  readonly baselines?: readonly BaselineReport[];
  /**
   * Predicted sensitivity by layer, 0 to 1; undefined when sensitivity analysis is switched off or
   * was aborted.
   */
  readonly sensitivity: ReadonlyMap<string, number> | undefined;
  /**
   * Layers whose `accuracy-drop` could not be measured, or not within the budget, or of which a
   * custom metric gave no loss increase (all layers when it threw), and why: theirs is predicted.
   * Absent when there are none.
   */
  readonly sensitivityFallbacks?: readonly SensitivityFallback[];
  /**
   * What makes the result doubtful, for people: the notes of the float32 model's estimate, such as
   * an accuracy at chance level. Empty as a rule.
   */
  readonly warnings: readonly string[];
  /** What became of the checkpoint; undefined when there was none. */
  readonly checkpoint: CheckpointReport | undefined;
}
