/**
 * Least value of a function of some variables without derivatives (Nelder and Mead 1965), started
 * again from its result until that helps no more.
 * @param step first edge of the simplex
 */
export function nelderMead(
  cost: (at: readonly number[]) => number,
  start: readonly number[],
  step = 0.1,
  mostEvaluations = 4000,
): readonly number[] {
  let best = { at: [...start], cost: cost(start) };
  let evaluations = 1;
  for (let round = 0; round < 6 && evaluations < mostEvaluations; round++) {
    const before = best.cost;
    const corner = (at: number[]) => {
      evaluations++;
      return { at, cost: cost(at) };
    };
    const simplex = [
      best,
      ...start.map((_, i) => corner(best.at.map((x, j) => (i === j ? x + step / 2 ** round : x)))),
    ];
    while (evaluations < mostEvaluations) {
      simplex.sort((a, b) => a.cost - b.cost);
      const [first, last] = [simplex[0]!, simplex.at(-1)!];
      if (last.cost - first.cost < 1e-6 * (1 + Math.abs(first.cost))) break;
      const others = simplex.slice(0, -1);
      const middle = start.map(
        (_, j) => others.reduce((sum, { at }) => sum + at[j]!, 0) / others.length,
      );
      const along = (t: number) => corner(middle.map((x, j) => x + t * (last.at[j]! - x)));
      const reflected = along(-1);
      if (reflected.cost < first.cost) {
        const further = along(-2);
        simplex[simplex.length - 1] = further.cost < reflected.cost ? further : reflected;
      } else if (reflected.cost < simplex.at(-2)!.cost) simplex[simplex.length - 1] = reflected;
      else {
        const nearer = along(reflected.cost < last.cost ? -0.5 : 0.5);
        if (nearer.cost < Math.min(last.cost, reflected.cost)) simplex[simplex.length - 1] = nearer;
        else
          for (let i = 1; i < simplex.length; i++)
            simplex[i] = corner(simplex[i]!.at.map((x, j) => (x + first.at[j]!) / 2));
      }
    }
    simplex.sort((a, b) => a.cost - b.cost);
    best = simplex[0]!;
    if (before - best.cost < 1e-7 * (1 + Math.abs(before))) break;
  }
  return best.at;
}
