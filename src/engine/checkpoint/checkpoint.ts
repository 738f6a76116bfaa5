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

/** What became of the checkpoint of a run. */
export interface CheckpointReport {
  /** Generations that an earlier run had completed, the first population counted. */
  readonly resumedGenerations: number;
  /** Answers of the evaluator that an earlier run had got. */
  readonly resumedAnswers: number;
  /** Times that something was written. */
  readonly writes: number;
  /** Times that writing failed. */
  readonly failedWrites: number;
  /** Why writing failed the last time; undefined when it never did. */
  readonly lastFailure: string | undefined;
  /** Everything that the run found out is kept. */
  readonly complete: boolean;
}

/** Hears of a checkpoint's fate. */
export interface CheckpointListener {
  written(): void;
  failed(error: unknown): void;
  /** Something that an earlier run had found out was read, or an answer of it given back. */
  replayed(): void;
  /** Everything that an earlier run had found out is used up: from here on the search is new. */
  caughtUp(): void;
}

/** A stopped run waits for its last write so long and no longer. */
const PATIENCE_MS = 1000;

/**
 * The checkpoint of one run: the answers of its evaluator, in the order they came in, and a digest
 * of the search after every generation. It holds no state of the search, because that follows from
 * the answers (see `recordedEvaluator`): a resumed run starts anew, is given the answers back
 * instead of evaluating, and so comes to the same state, mid-generation too.
 *
 * An extension of the search (adaptive rates, a surrogate, a memory) therefore adds nothing here,
 * as long as it depends on the evaluator's answers, the seed, the configuration and the model only,
 * and asks the evaluator through the run's context. If it depends on anything else (other data, a
 * file), that goes into `runIdentity`. State that it keeps as plain data in `EvolutionState` is
 * part of the digest, so a difference is found at the generation where it arises.
 *
 * A write that fails stops nothing: what was to be written waits for the next time.
 */
export class Checkpoint implements AnswerRecord {
  readonly #store: CheckpointStore;
  readonly #options: ResolvedCheckpointOptions;
  readonly #listener: CheckpointListener;
  readonly #signal: AbortSignal | undefined;
  /** Answers of an earlier run that were not given back yet. */
  readonly #answers = new Map<string, EvaluatorAnswer[]>();
  #marks: readonly GenerationMark[] = [];
  #resumedAnswers = 0;
  #caughtUp = false;
  /** Lines that are not kept yet. */
  #pending: string[] = [];
  #pendingAnswers = 0;
  /** What the store has to be given whole, before the pending lines; undefined when it has it. */
  #whole: string | undefined;
  /** Not even the first line is kept yet. */
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
   * Reads what is there, or makes a new checkpoint.
   * @throws InvalidDocumentError for what is no checkpoint; CheckpointMismatchError for that of
   *   another run; FileError when there is something that cannot be read, or nothing although
   *   `resume` is `required`, or while another run has it; the signal's reason after an abort
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

  /** The run has not come further than an earlier one yet. */
  get replaying(): boolean {
    return !this.#caughtUp;
  }
  #catchUp(): void {
    if (this.#caughtUp) return;
    this.#caughtUp = true;
    this.#listener.caughtUp();
  }
  /** Generations that an earlier run had completed, the first population counted. */
  get resumedGenerations(): number {
    return this.#marks.length;
  }

  recall(question: string): EvaluatorAnswer | undefined {
    const known = this.#answers.get(question);
    const answer = known?.shift();
    if (answer !== undefined) this.#listener.replayed();
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
   * A generation is complete. One that an earlier run had completed is compared with it, any other
   * is kept.
   * @throws CheckpointMismatchError when the search went another way than the one that the
   *   checkpoint records
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
    // Answers that are left were given to the end of a smaller budget, which this run had no reason
    // to ask for.
    this.#catchUp();
    this.#pending.push(generationLine(mark));
    if (mark.generation % this.#options.everyGenerations === 0) await this.#flush();
  }

  /**
   * Writes what is left, then lets other runs have it. Waits for a second at most once the run is
   * aborted.
   */
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

  /** Waits until everything is written, or an abort. */
  async #flush(): Promise<void> {
    try {
      await raceAbort(this.#write(), this.#signal);
    } catch {
      // Only an abort: the run sees it itself.
    }
  }

  /** One write after the other. Never rejects. */
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
