/**
 * Pick one choice for each gene; the quality of the whole is a vector of objectives, all minimised.
 */
export interface ChoiceProblem {
  /**
   * Choices of each gene, 1 to 65,535. Neighbouring choices should be alike: mutation steps between
   * them.
   */
  readonly counts: Uint16Array;
  /** Objectives, at least 1. */
  readonly objectives: number;
  /**
   * Writes the objectives of a genome (one choice index per gene) to `out`, from `at` on. No NaN.
   */
  evaluate(genes: Uint16Array, out: Float64Array, at: number): void;
  /**
   * What each choice is thought to add to each objective, [gene][choice * objectives + objective],
   * where that is known from sensitivities and cost tables: mutation is guided by it.
   */
  readonly estimates?: readonly Float64Array[] | undefined;
}
