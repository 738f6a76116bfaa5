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

/**
 * What an evaluation is for: `reference`: the float32 model and the uniform genomes that are
 * measured before anything else; `sensitivity`: layers alone; `search`: candidates.
 */
export type EvaluationStage = "reference" | "sensitivity" | "search";

/** An evaluation that has just ended. */
export interface EvaluationEvent {
  readonly type: "evaluation";
  readonly stage: EvaluationStage;
  /** With its metrics, unless it failed or is no candidate. */
  readonly genome: QuantizationGenome;
  readonly failed: boolean;
  /** Samples of the evaluation; undefined = all. */
  readonly samples: number | undefined;
  /** Evaluations so far, this one and failed ones included. */
  readonly evaluations: number;
  /** The same in whole evaluations: one on a quarter of the samples counts a quarter. */
  readonly wholeEvaluations: number;
  /**
   * The most whole evaluations that the run makes: `maxEvaluations`, or as many as the populations
   * to come have places. Fewer where genomes are known already or lose on few samples.
   */
  readonly of: number;
  /** As for a generation, by the pace of evaluations so far. */
  readonly estimatedMsLeft: number | undefined;
}

/** What happens in a run, told by `type`. */
export type EvolutionEvent =
  /**
   * First of all when a checkpoint was found: generations that are not evaluated, nor told of,
   * again.
   */
  | { readonly type: "resumed"; readonly generations: number; readonly answers: number }
  /**
   * An evaluation has ended, failed or not; told at once, in the order in which evaluations end,
   * which is the only thing that depends on `parallelEvaluations`.
   */
  | EvaluationEvent
  /** What makes the result doubtful, said before the search, such as a baseline at chance level. */
  | { readonly type: "warning"; readonly message: string }
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
