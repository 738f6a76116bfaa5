import { integerPlacement } from "../../../deploy/integer-operators.js";
import type { PlacedOperator } from "../../../deploy/placement.js";
import type { RegionSpec } from "../../../model/layer-spec.js";

/**
 * The regions of a graph: groups of operators between layers that hand values to each other. Only
 * those that some integer kernel could compute a part of are named.
 */
export function placeRegions(
  operators: readonly PlacedOperator[],
  returned: ReadonlySet<string>,
): { readonly operators: readonly PlacedOperator[]; readonly regions: readonly RegionSpec[] } {
  const makers = new Map<string, PlacedOperator>();
  const roots = new Map<PlacedOperator, PlacedOperator>();
  const root = (operator: PlacedOperator): PlacedOperator => {
    let at = operator;
    while (roots.has(at)) at = roots.get(at)!;
    return at;
  };
  for (const operator of operators) {
    for (const value of operator.makes) makers.set(value, operator);
    if (operator.layers.length > 0) continue;
    for (const { value } of operator.reads) {
      const maker = makers.get(value);
      if (maker === undefined || maker.layers.length > 0) continue;
      const [a, b] = [root(maker), root(operator)];
      if (a !== b) roots.set(b, a);
    }
  }
  const groups = new Map<PlacedOperator, PlacedOperator[]>();
  for (const operator of operators) {
    if (operator.layers.length > 0) continue;
    const group = groups.get(root(operator));
    if (group === undefined) groups.set(root(operator), [operator]);
    else group.push(operator);
  }
  const nameOf = (operator: PlacedOperator) => {
    const group = groups.get(root(operator));
    return group?.some(({ kernel }) => isKernel(kernel.form)) ? group[0]!.operator : undefined;
  };
  const placed = operators.map((operator): PlacedOperator => {
    const region = operator.layers.length > 0 ? undefined : nameOf(operator);
    return region === undefined ? operator : { ...operator, region };
  });
  return { operators: placed, regions: regionsOf(placed, returned) };
}

const isKernel = (form: PlacedOperator["kernel"]["form"]) =>
  form === "compute" || form === "pass" || form === "join";

/** Regions for which there is a choice: with 8 bits everywhere the two forms differ. */
function regionsOf(
  operators: readonly PlacedOperator[],
  returned: ReadonlySet<string>,
): RegionSpec[] {
  const placement = { weights: [], activations: [], floats: [], operators, returned };
  const all = { fits: () => true, eight: () => true, covers: () => true };
  const integerIn = (format: "auto" | "integer") => {
    const found = integerPlacement(placement, { ...all, regionFormat: () => format });
    return new Set([...found.operators].map(({ region }) => region));
  };
  const automatic = integerIn("auto");
  const forced = integerIn("integer");
  const members = new Map<string, { operators: string[]; layers: Set<string> }>();
  const makers = new Map<string, PlacedOperator>();
  const touch = (region: string | undefined, layers: readonly string[]) => {
    if (region !== undefined) for (const layer of layers) members.get(region)!.layers.add(layer);
  };
  for (const { region, type } of operators) {
    if (region === undefined) continue;
    const known = members.get(region) ?? { operators: [], layers: new Set() };
    known.operators.push(type);
    members.set(region, known);
  }
  for (const operator of operators) {
    for (const { value } of operator.reads) {
      const maker = makers.get(value);
      touch(operator.region, maker?.layers ?? []);
      touch(maker?.region, operator.layers);
    }
    for (const value of operator.makes) makers.set(value, operator);
  }
  return [...members].flatMap(([name, member]): RegionSpec[] => {
    const isInteger = automatic.has(name);
    if (!isInteger && !forced.has(name)) return [];
    return [
      {
        name,
        operators: member.operators,
        layers: [...member.layers],
        automatic: isInteger ? "integer" : "float",
      },
    ];
  });
}
