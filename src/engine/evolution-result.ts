import type { QuantizationGenome } from "../genome/quantization-genome.js";
import type { FailedGenome } from "./evaluation-ledger.js";
import type { BaselineReport } from "./measured/baseline-report.js";
import type { GenerationStats } from "./progress.js";
import type { StopReason } from "./termination.js";

/** What a run found, and how. */
export interface EvolutionResult {
  /**
   * Every feasible genome that no other one dominates in accuracy, size, latency and energy, most accurate first.
   * When no genome kept to every limit, the same of the infeasible ones. Empty only after an early abort.
   */
  readonly paretoFront: readonly QuantizationGenome[];
  /** The genome of the front with the highest weighted fitness; undefined when the front is empty. */
  readonly best: QuantizationGenome | undefined;
  /** Generations that were completed, the first population not counted. */
  readonly generations: number;
  /** Genomes that were evaluated, failed ones included. */
  readonly evaluations: number;
  /** The same in whole evaluations: one on a quarter of the samples counts a quarter. */
  readonly wholeEvaluations: number;
  /** Evaluations that the cache spared. */
  readonly cacheHits: number;
  /** Genomes that could not be evaluated, with the reason. */
  readonly failures: readonly FailedGenome[];
  /** One entry per generation, the first population first. */
  readonly history: readonly GenerationStats[];
  readonly stopReason: StopReason;
  /** The genomes of the front keep to every limit. */
  readonly feasible: boolean;
  /** Whether accuracies were predicted or measured. */
  readonly accuracyKind: "predicted" | "measured";
  /** Name of the hardware target. */
  readonly target: string;
  readonly seed: string | number;
  /** How the baselines that were asked for fared with as many whole evaluations; absent when none was. */
  readonly baselines?: readonly BaselineReport[];
  /** Predicted sensitivity by layer, 0 to 1; undefined when sensitivity analysis is switched off or was aborted. */
  readonly sensitivity: ReadonlyMap<string, number> | undefined;
}
