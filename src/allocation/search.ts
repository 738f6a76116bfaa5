/** The present time in milliseconds from any origin. */
export type Clock = () => number;

/** What an exact search is given to start from and when to give up. */
export interface SearchStart {
  /** Cost below which an allocation is worth finding. */
  readonly upperBound: number;
  /** Prices from the Lagrangian relaxation, one per budget. */
  readonly prices: readonly number[];
  /** Whether an allocation (position per layer) keeps the budgets to the last digit; the search itself allows rounding. */
  readonly accepts: (positions: Int32Array) => boolean;
  /** Asked now and then; true ends the search. */
  readonly expired: () => boolean;
}

/** What an exact search found. */
export interface SearchEnd {
  /** The cheapest allocation below the upper bound that was accepted; undefined when there was none. */
  readonly found: Int32Array | undefined;
  /** False when it was stopped: a cheaper allocation may exist. */
  readonly complete: boolean;
}
