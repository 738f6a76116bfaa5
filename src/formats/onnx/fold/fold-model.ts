import { indexGraph } from "../graph/graph-index.js";
import { extentProduct } from "../shape/shape-context.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import { LIMITS } from "../wire/limits.js";
import { foldAffine } from "./fold-affine.js";
import { foldConstants } from "./fold-constants.js";
import { hoistConstants } from "./hoist-constants.js";
import { inlineFunctions } from "./inline-functions.js";
import { plainProducts } from "./plain-products.js";
import { WorkBudget } from "./work-budget.js";

function describe(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([operator, count]) => `${count} ${operator}`)
    .join(", ");
}

function counter(): [Map<string, number>, (operator: string) => void] {
  const counts = new Map<string, number>();
  return [counts, (operator) => counts.set(operator, (counts.get(operator) ?? 0) + 1)];
}

/**
 * A model that computes the same with fewer nodes: local functions are inlined, bodies of If, Loop
 * and Scan read their weights from the main graph, what follows from stored tensors is stored, and
 * scales, shifts and normalization go into the weights of the layers beside them. Its outputs are
 * those of the original within float rounding. Folding twice gives what folding once gives.
 * @param proto is not changed; it is returned itself where there is nothing to fold
 * @param opset of the default domain
 * @param note hears what was folded
 * @throws InvalidModelError for what {@link indexGraph} refuses
 */
export function foldModel(
  proto: ModelWithGraph,
  opset: number,
  note: (text: string, subject?: string) => void,
): ModelWithGraph {
  const [products, onProduct] = counter();
  const whole = plainProducts(hoistConstants(inlineFunctions(proto, opset, note), note), onProduct);
  let stored = 0;
  for (const { dims } of indexGraph(whole.graph).constants.values()) stored += extentProduct(dims);
  const budget = new WorkBudget(LIMITS.foldWorkBase + LIMITS.foldWorkPerElement * stored);
  const [constants, onConstant] = counter();
  const [scales, onScale] = counter();
  let folded = foldConstants(whole, opset, budget, onConstant);
  // A shift that became an Add may fold with the Add behind it. Each round takes nodes away, or
  // makes an Add of a BatchNormalization, so this ends.
  for (let before: ModelWithGraph | undefined; before !== folded; ) {
    before = folded;
    folded = foldAffine(before, opset, budget, onScale);
  }
  const off = "(the option fold: false leaves the graph as it is)";
  if (products.size > 0) note(`${describe(products)} with stored matrices made MatMul ${off}`);
  if (scales.size > 0)
    note(`${describe(scales)} folded into the weights of the layers beside them ${off}`);
  if (constants.size > 0) note(`${describe(constants)} of constants computed and stored ${off}`);
  return folded;
}
