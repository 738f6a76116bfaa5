export { crowdingDistance } from "./crowding-distance.js";
export { constrainedDominates, dominates } from "./dominates.js";
export { hypervolume } from "./hypervolume.js";
export { nonDominatedSort } from "./non-dominated-sort.js";
export type { ObjectiveMatrix, Objectives } from "./objective-matrix.js";
export { ParetoArchive, type ParetoArchiveOptions, type ParetoEntry } from "./pareto-archive.js";
