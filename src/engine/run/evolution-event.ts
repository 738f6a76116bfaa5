import type { QuantizationGenome } from "../../genome/quantization-genome.js";
import type { FailedGenome } from "../ledger/evaluation-ledger.js";
import type { ViolatedLimit } from "../ledger/violated-limits.js";
import type { StopReason } from "../stop/termination.js";
import type { EvolutionResult } from "./evolution-result.js";
import type { GenerationStats } from "./progress.js";

/** How far the limits of the configuration are kept. */
export interface ConstraintStatus {
  /** Share of the population that keeps to every limit, 0 to 1. */
  readonly feasibleShare: number;
  /** Total relative excess of the genome that keeps to them best; 0 once one is feasible. */
  readonly leastViolation: number;
  /** The limits that this genome breaks, the worst first. */
  readonly violatedLimits: readonly ViolatedLimit[];
}

/** What happens in a run, told by `type`. */
export type EvolutionEvent =
  /**
   * First of all when a checkpoint was found: generations that are not evaluated, nor told of,
   * again.
   */
  | { readonly type: "resumed"; readonly generations: number; readonly answers: number }
  /** The first population (generation 0) or a generation is evaluated. */
  | {
      readonly type: "generation";
      readonly generation: number;
      readonly evaluations: number;
      readonly frontSize: number;
      /**
       * 0 to 1: the share of the box from no loss at no cost to no accuracy at twice the float32
       * model's size, latency and energy that the front dominates, exact; 0 while nothing is
       * feasible.
       */
      readonly hypervolume: number;
      /** The genome with the highest weighted fitness so far. */
      readonly best: QuantizationGenome;
      readonly constraints: ConstraintStatus;
      /**
       * An estimate by the clock, from the pace so far: milliseconds until the first of the limits
       * on generations, evaluations and time is reached. undefined as long as there is no pace.
       */
      readonly estimatedMsLeft: number | undefined;
      readonly stats: GenerationStats;
    }
  | { readonly type: "evaluation-failed"; readonly failure: FailedGenome }
  | {
      readonly type: "checkpoint-written";
      readonly generation: number;
      readonly evaluations: number;
    }
  /** The run goes on; what could not be written is tried again the next time. */
  | {
      readonly type: "checkpoint-failed";
      readonly generation: number;
      readonly evaluations: number;
      readonly reason: string;
      readonly error: unknown;
    }
  /**
   * A worker of the evaluator died or hung; its evaluation failed and another worker took its
   * place.
   */
  | { readonly type: "worker-replaced"; readonly reason: string }
  /** The last one. */
  | { readonly type: "stopped"; readonly reason: StopReason; readonly result: EvolutionResult };
