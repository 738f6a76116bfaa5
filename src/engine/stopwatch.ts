/** Milliseconds since a moment. What it says decides when to stop and what is told meanwhile, never a result. */
export class Stopwatch {
  #start: number | undefined;

  /** Counts from a moment, as `performance.now()` tells it, also when it runs already. Default: now. */
  start(moment = performance.now()): void {
    this.#start = moment;
  }
  /** 0 before it was started. */
  get elapsedMs(): number {
    return this.#start === undefined ? 0 : performance.now() - this.#start;
  }
}
