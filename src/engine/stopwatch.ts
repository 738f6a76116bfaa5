/** Milliseconds since a moment. What it says decides when to stop and what is told meanwhile, never a result. */
export class Stopwatch {
  #start: number | undefined;

  /** Begins at 0, also when it runs already. */
  start(): void {
    this.#start = performance.now();
  }
  /** 0 before it was started. */
  get elapsedMs(): number {
    return this.#start === undefined ? 0 : performance.now() - this.#start;
  }
}
