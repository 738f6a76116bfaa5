import { raceAbort } from "../../async/race-abort.js";
import { CheckpointMismatchError, InvalidDocumentError } from "../../errors.js";
import type { AnswerRecord, EvaluatorAnswer } from "../../evaluation/recorded-evaluator.js";
import {
  answerLine,
  type GenerationMark,
  generationLine,
  type RunIdentity,
  readCheckpoint,
  runLine,
} from "./checkpoint-lines.js";
import type { ReleaseLock } from "./checkpoint-lock.js";
import type { ResolvedCheckpointOptions } from "./checkpoint-options.js";
import type { CheckpointStore } from "./checkpoint-store.js";
import { checkSameRun } from "./run-identity.js";

/** The state of a run's checkpoint. */
export interface CheckpointReport {
  /** Number of generations that an earlier run completed, including the first population. */
  readonly resumedGenerations: number;
  /** Number of the evaluator's answers from an earlier run. */
  readonly resumedAnswers: number;
  /** Number of successful writes. */
  readonly writes: number;
  /** Number of failed writes. */
  readonly failedWrites: number;
  /** Why the last failed write failed; undefined when none did. */
  readonly lastFailure: string | undefined;
  /** Whether everything is written. */
  readonly complete: boolean;
}

/** Is told about the events of a checkpoint. */
export interface CheckpointListener {
  /** A write succeeded. */
  written(): void;
  /** A write failed. */
  failed(error: unknown): void;
  /** An earlier run's checkpoint was read, or one of its answers replayed. */
  replayed(): void;
  /** Everything of an earlier run is replayed, and the search is new from here. */
  caughtUp(): void;
}

/** Longest time in milliseconds that a stopped run waits for its last write. */
const PATIENCE_MS = 1000;

/**
 * The checkpoint of one run: the answers of its evaluator in the order they arrived, and a digest
 * of the search after each generation. It has no state of the search, because that follows from the
 * answers (see `recordedEvaluator`). A resumed run starts from the beginning and gets the answers
 * back instead of evaluating. So it reaches the same state, even within a generation.
 *
 * An extension of the search (adaptive rates, a surrogate, a memory) therefore adds nothing here.
 * It must depend only on the evaluator's answers, the seed, the configuration and the model. It
 * must ask the evaluator through the run's context. Anything else that it depends on (other data, a
 * file) goes into `runIdentity`. Plain data that it keeps in `EvolutionState` is part of the
 * digest, which reveals a difference at the generation where it arises.
 *
 * A failed write stops nothing: its lines wait for the next write.
 */
export class Checkpoint implements AnswerRecord {
  readonly #store: CheckpointStore;
  readonly #options: ResolvedCheckpointOptions;
  readonly #listener: CheckpointListener;
  readonly #signal: AbortSignal | undefined;
  /** Answers of an earlier run that were not replayed yet. */
  readonly #answers = new Map<string, EvaluatorAnswer[]>();
  #marks: readonly GenerationMark[] = [];
  #resumedAnswers = 0;
  #recalledAnswers = 0;
  #caughtUp = false;
  /** Lines that are not written yet. */
  #pending: string[] = [];
  #pendingAnswers = 0;
  /**
   * Text that the store must get as a whole, before the pending lines. Undefined when it has it.
   */
  #whole: string | undefined;
  /** Whether even the first line is not written yet. */
  #fresh = false;
  #writing: Promise<void> = Promise.resolve();
  #lock: Promise<ReleaseLock> | undefined;
  #writes = 0;
  #failedWrites = 0;
  #lastFailure: string | undefined;

  constructor(
    options: ResolvedCheckpointOptions,
    listener: CheckpointListener,
    signal?: AbortSignal,
  ) {
    this.#store = options.store;
    this.#options = options;
    this.#listener = listener;
    this.#signal = signal;
  }

  /**
   * Reads the checkpoint, or starts a new one.
   * @throws InvalidDocumentError for a text that is no checkpoint; CheckpointMismatchError for
   *   another run's checkpoint; FileError when it cannot be read, is missing although `resume` is
   *   `required`, or is held by another run; the signal's reason after an abort
   */
  async open(run: RunIdentity): Promise<void> {
    const { resume, lock } = this.#options;
    this.#lock = lock?.();
    await raceAbort(this.#lock, this.#signal);
    const text = resume === "never" ? undefined : await raceAbort(this.#store.read(), this.#signal);
    if (text === undefined) {
      if (resume === "required") throw this.#options.nothingThere();
      this.#whole = runLine(run);
      this.#fresh = true;
    } else {
      const content = this.#contentOf(text);
      checkSameRun(content.run, run);
      this.#marks = content.generations;
      this.#resumedAnswers = content.answers.length;
      for (const { question, answer } of content.answers) {
        const known = this.#answers.get(question);
        if (known === undefined) this.#answers.set(question, [answer]);
        else known.push(answer);
      }
      const kept = text.slice(0, content.wholeCharacters);
      if (kept.length < text.length || this.#store.append === undefined) this.#whole = kept;
    }
    if (this.#answers.size === 0) this.#catchUp();
    else this.#listener.replayed();
    if (text === undefined) await this.#flush();
  }

  #contentOf(text: string): ReturnType<typeof readCheckpoint> {
    try {
      return readCheckpoint(text);
    } catch (error) {
      throw error instanceof InvalidDocumentError ? this.#options.damaged(error) : error;
    }
  }

  /** Whether the run still replays an earlier one. */
  get replaying(): boolean {
    return !this.#caughtUp;
  }
  #catchUp(): void {
    if (this.#caughtUp) return;
    this.#caughtUp = true;
    this.#listener.caughtUp();
  }
  /** Number of answers that were replayed so far. */
  get recalledAnswers(): number {
    return this.#recalledAnswers;
  }
  /** Number of generations that an earlier run completed, including the first population. */
  get resumedGenerations(): number {
    return this.#marks.length;
  }

  recall(question: string): EvaluatorAnswer | undefined {
    const known = this.#answers.get(question);
    const answer = known?.shift();
    if (answer !== undefined) {
      this.#recalledAnswers++;
      this.#listener.replayed();
    }
    if (known?.length === 0) {
      this.#answers.delete(question);
      if (this.#answers.size === 0) this.#catchUp();
    }
    return answer;
  }

  keep(question: string, answer: EvaluatorAnswer): void {
    this.#pending.push(answerLine(question, answer));
    if (++this.#pendingAnswers >= this.#options.everyEvaluations) {
      this.#pendingAnswers = 0;
      void this.#write();
    }
  }

  /**
   * Records a completed generation, or compares it with an earlier run's record of it.
   * @throws CheckpointMismatchError when the search went another way than the checkpoint records
   */
  async completed(mark: GenerationMark): Promise<void> {
    const earlier = this.#marks[mark.generation];
    if (earlier !== undefined) {
      const differences = (["evaluations", "digest"] as const)
        .filter((name) => earlier[name] !== mark[name])
        .map((name) => ({
          field: `generation.${mark.generation}.${name}`,
          checkpoint: earlier[name],
          run: mark[name],
        }));
      if (differences.length > 0) throw new CheckpointMismatchError(differences);
      return;
    }
    // Answers that are left belong to the end of a smaller budget, which this run had no reason to
    // ask for.
    this.#catchUp();
    this.#pending.push(generationLine(mark));
    if (mark.generation % this.#options.everyGenerations === 0) await this.#flush();
  }

  /** Writes the rest and releases the lock. After an abort, it waits a second at most. */
  async close(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise<void>((resolve) => {
      if (this.#signal?.aborted) timer = setTimeout(resolve, PATIENCE_MS);
    });
    await Promise.race([this.#write().then(() => this.#unlock()), patience]);
    clearTimeout(timer);
  }

  async #unlock(): Promise<void> {
    const release = await this.#lock?.catch(() => undefined);
    await release?.();
  }

  get report(): CheckpointReport {
    return {
      resumedGenerations: this.#marks.length,
      resumedAnswers: this.#resumedAnswers,
      writes: this.#writes,
      failedWrites: this.#failedWrites,
      lastFailure: this.#lastFailure,
      complete: this.#pending.length === 0,
    };
  }

  /** Waits until everything is written, or until an abort. */
  async #flush(): Promise<void> {
    try {
      await raceAbort(this.#write(), this.#signal);
    } catch {
      // Only an abort rejects here, and the run notices that itself.
    }
  }

  /** Writes after the write in progress. Never rejects. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writePending());
    return this.#writing;
  }

  async #writePending(): Promise<void> {
    const count = this.#pending.length;
    if (count === 0 && !this.#fresh) return;
    const text = this.#pending.join("");
    try {
      if (this.#whole !== undefined) {
        await this.#store.write(this.#whole + text);
        this.#whole = this.#store.append === undefined ? this.#whole + text : undefined;
      } else await this.#store.append!(text);
    } catch (error) {
      this.#failedWrites++;
      this.#lastFailure = error instanceof Error ? error.message : String(error);
      this.#listener.failed(error);
      return;
    }
    this.#fresh = false;
    this.#pending = this.#pending.slice(count);
    this.#writes++;
    this.#listener.written();
  }
}
