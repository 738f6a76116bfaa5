import type { AllocationProblem } from "../src/allocation/allocation-problem.js";
import { tieGroups } from "../src/allocation/super-layers.js";
import { VectorArchive } from "../src/search/vector-archive.js";

const MOST = 1 << 21;

/**
 * The allocations (choices joined by commas) of the true front by enumeration; undefined when there
 * are too many to enumerate.
 */
export function trueFront(
  problem: AllocationProblem,
  objectives: readonly string[],
): ReadonlySet<string> | undefined {
  const groups = tieGroups(problem);
  const counts = groups.map((group) => problem.layers[group[0]!]!.choices.length);
  const total = counts.reduce((product, count) => product * count, 1);
  if (total > MOST) return undefined;
  const width = objectives.length;
  const points = new Float64Array(width);
  const archive = new VectorArchive(width);
  const choiceOf = (code: number) => {
    const choice: number[] = [];
    let rest = code;
    for (const [g, group] of groups.entries()) {
      for (const member of group) choice[member] = rest % counts[g]!;
      rest = Math.floor(rest / counts[g]!);
    }
    return choice;
  };
  for (let code = 0; code < total; code++) {
    const choice = choiceOf(code);
    for (const [k, metric] of objectives.entries()) {
      let sum = 0;
      for (const [i, layer] of problem.layers.entries()) sum += layer.choices[choice[i]!]![metric]!;
      points[k] = sum;
    }
    archive.insert(points, 0, code);
  }
  return new Set(Array.from(archive.owners(), (owner) => choiceOf(owner).join()));
}
