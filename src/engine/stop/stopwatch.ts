/**
 * Milliseconds since it was made or started again. What it says decides when to stop and what is
 * told meanwhile, never a result.
 */
export class Stopwatch {
  #start = performance.now();

  /** Begins again at 0. */
  start(): void {
    this.#start = performance.now();
  }
  get elapsedMs(): number {
    return performance.now() - this.#start;
  }
}
