import type { FinishedEvaluation } from "../ledger/evaluation-ledger.js";
import { msLeftFor } from "../stop/time-left.js";
import type { EvaluationEvent, EvaluationStage } from "./evolution-event.js";
import type { RunOptions } from "./run-context.js";

/** Where a run stands when an evaluation ends. */
export interface EvaluationPlace {
  readonly stage: EvaluationStage;
  /** Whole evaluations before the step that is under way. */
  readonly wholeBefore: number;
  /** Whole evaluations that a checkpoint saved. */
  readonly wholeSaved: number;
  /** Candidates that are still to come at most, those of the present population included. */
  readonly candidatesToCome: number;
}

/** Counts the evaluations of a run as they end, and makes their events. */
export class EvaluationProgress {
  readonly #options: Pick<RunOptions, "maxEvaluations" | "timeLimitMs" | "stopwatch">;
  #evaluations = 0;
  #whole = 0;

  constructor(options: Pick<RunOptions, "maxEvaluations" | "timeLimitMs" | "stopwatch">) {
    this.#options = options;
  }

  /** Evaluations that have ended, failed ones included. */
  get evaluations(): number {
    return this.#evaluations;
  }

  /** Counts an evaluation. */
  count({ genome, failed, samples, share }: FinishedEvaluation, at: EvaluationPlace) {
    this.#evaluations++;
    this.#whole += share;
    const { maxEvaluations = Number.POSITIVE_INFINITY, timeLimitMs, stopwatch } = this.#options;
    const { elapsedMs } = stopwatch;
    const most = Math.min(maxEvaluations, at.wholeBefore + at.candidatesToCome);
    const of = Math.max(this.#whole, most);
    return {
      type: "evaluation",
      stage: at.stage,
      genome,
      failed,
      samples,
      evaluations: this.#evaluations,
      wholeEvaluations: this.#whole,
      of,
      estimatedMsLeft: msLeftFor(
        { elapsedMs, evaluations: this.#whole - at.wholeSaved },
        {
          evaluations: of - this.#whole,
          timeMs: timeLimitMs === undefined ? undefined : timeLimitMs - elapsedMs,
        },
      ),
    } satisfies EvaluationEvent;
  }
}
