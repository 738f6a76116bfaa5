/** Ways to choose genomes that a search has to beat. */
export const BASELINES = ["uniform", "greedy", "random", "exact"] as const;
/** One of {@link BASELINES}. */
export type BaselineName = (typeof BASELINES)[number];
