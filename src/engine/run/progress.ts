import { totalViolation } from "../../evaluation/constraints.js";
import type { EvaluationLedger } from "../ledger/evaluation-ledger.js";
import type { EvolutionState } from "./evolution.js";

/** How a run stands after a generation; 0 is the first population. */
export interface GenerationStats {
  readonly generation: number;
  /** Highest weighted fitness in the archive; negative as long as no genome is feasible. */
  readonly bestFitness: number;
  /** Mean weighted fitness of the population. */
  readonly averageFitness: number;
  /** Genomes in the archive. */
  readonly frontSize: number;
  /** Share of the population that keeps to every limit, 0 to 1. */
  readonly feasibleShare: number;
  /**
   * Total relative excess over the limits of the genome that keeps to them best; 0 once one is
   * feasible.
   */
  readonly leastViolation: number;
  /** Evaluations so far, failed ones included. */
  readonly evaluations: number;
  /** The same in whole evaluations: one on a quarter of the samples counts a quarter. */
  readonly wholeEvaluations: number;
  /** Evaluations that the cache saved so far. */
  readonly cacheHits: number;
  /** Evaluations that failed so far. */
  readonly failures: number;
}

/**
 * Called after the first population (generation 0) and after every generation. A promise is awaited
 * until the run's signal is aborted. What it throws ends the run and is thrown by it; the archive
 * found so far stays readable.
 */
export type ProgressCallback = (
  generation: number,
  bestFitness: number,
  averageFitness: number,
  stats: GenerationStats,
) => void | Promise<void>;

/** The figures of a generation. The population is not empty. */
export function generationStats(state: EvolutionState, ledger: EvaluationLedger): GenerationStats {
  const { population } = state;
  const { front } = ledger;
  const sum = population.reduce((total, individual) => total + individual.fitness, 0);
  return {
    generation: state.generation,
    bestFitness: front.reduce(
      (best, genome) => Math.max(best, genome.fitnessScore),
      Number.NEGATIVE_INFINITY,
    ),
    averageFitness: sum / population.length,
    frontSize: front.length,
    feasibleShare:
      population.filter((individual) => individual.violation === 0).length / population.length,
    leastViolation: ledger.feasible ? 0 : totalViolation(front[0]?.metrics?.violations ?? {}),
    evaluations: ledger.evaluations,
    wholeEvaluations: ledger.wholeEvaluations,
    cacheHits: ledger.cacheHits,
    failures: ledger.failureCount,
  };
}
