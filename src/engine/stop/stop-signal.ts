/** The signal of a run. One of the caller's signals or the time limit aborts it. */
export class StopSignal {
  readonly #controller = new AbortController();
  readonly #given: readonly AbortSignal[];
  readonly #pass = () =>
    this.#controller.abort(this.#given.find((signal) => signal.aborted)?.reason);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timeIsOver = false;
  #disposed = false;

  constructor(given: readonly (AbortSignal | undefined)[]) {
    this.#given = given.filter((signal) => signal !== undefined);
    if (this.#given.some((signal) => signal.aborted)) this.#pass();
    for (const signal of this.#given) signal.addEventListener("abort", this.#pass, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
  /** Why the signal was aborted; undefined when it was not. */
  get reason(): "aborted" | "time-limit" | undefined {
    if (!this.signal.aborted) return undefined;
    return this.#timeIsOver ? "time-limit" : "aborted";
  }

  /** Aborts after `timeLimitMs` milliseconds, of which `elapsedMs` have passed already. */
  startTimer(timeLimitMs: number, elapsedMs: number): void {
    clearTimeout(this.#timer);
    if (this.#disposed || this.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timeIsOver = !this.signal.aborted;
      this.#controller.abort(new Error(`the time limit of ${timeLimitMs} ms is over`));
    }, timeLimitMs - elapsedMs);
  }

  /** Releases the timer and the caller's signals. */
  dispose(): void {
    this.#disposed = true;
    clearTimeout(this.#timer);
    for (const signal of this.#given) signal.removeEventListener("abort", this.#pass);
  }
}
