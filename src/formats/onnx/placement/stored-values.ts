import { isFloatType } from "../graph/element-type.js";
import type { GraphIndex } from "../graph/graph-index.js";
import { isStandardDomain } from "../graph/node-attributes.js";
import { readFloatTensor } from "../graph/tensor-values.js";
import { LIMITS } from "../wire/limits.js";

/** Float numbers that a graph stores. */
export interface StoredValues {
  /** The initializer or Constant that holds them. */
  readonly tensor: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** The tensor that a name stands for, through Identity nodes. */
export function behindIdentity(index: GraphIndex, name: string): string {
  let current = name;
  for (let step = 0; step < LIMITS.weightChain; step++) {
    const at = index.producers.get(current);
    const node = at === undefined ? undefined : index.graph.node[at];
    if (node === undefined || node.opType !== "Identity" || !isStandardDomain(node.domain)) break;
    current = node.input[0] ?? "";
  }
  return current;
}

/** The float numbers behind a name, through Identity nodes; undefined where none are stored. */
export function storedValues(index: GraphIndex, name: string): StoredValues | undefined {
  const tensor = behindIdentity(index, name);
  const constant = index.constants.get(tensor);
  if (constant === undefined || !isFloatType(constant.tensor.dataType)) return undefined;
  const values = readFloatTensor(constant.tensor, tensor, { allowNonFinite: true });
  return { tensor, dims: constant.dims, values };
}

/** The one number behind a name; undefined where it is none, or several. */
export function storedNumber(index: GraphIndex, name: string | undefined): number | undefined {
  if (name === undefined || name === "") return undefined;
  const constant = index.constants.get(behindIdentity(index, name));
  if (constant === undefined || constant.dims.some((extent) => extent !== 1)) return undefined;
  const stored = storedValues(index, name);
  return stored?.values.length === 1 ? stored.values[0] : undefined;
}
