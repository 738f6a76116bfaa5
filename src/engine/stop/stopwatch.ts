/**
 * A clock that starts when it is made. It decides when a run stops and what progress reports say,
 * but never a result.
 */
export class Stopwatch {
  #start = performance.now();

  /** Starts again at 0. */
  start(): void {
    this.#start = performance.now();
  }
  /** Milliseconds since the last start. */
  get elapsedMs(): number {
    return performance.now() - this.#start;
  }
}
