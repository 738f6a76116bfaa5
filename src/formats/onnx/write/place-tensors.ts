import type {
  PlacedActivation,
  PlacedFloat,
  PlacedWeight,
  Placement,
} from "../../../deploy/placement.js";
import { indexGraph } from "../graph/graph-index.js";
import { ORT_CPU_PROFILE } from "../placement/ort-cpu-profile.js";
import { placeOperators, returnedValues } from "../placement/place-operators.js";
import { placeRegions } from "../placement/place-regions.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { floatTypeOf } from "./float-types.js";
import { firstOutput, type StoredTensor, storedTensors } from "./stored-tensors.js";

const placements = new WeakMap<OnnxModel, Placement>();

/**
 * Which tensors of an ONNX model are quantized: the weights of every layer, and every activation
 * that goes into one, at each operator that reads it for a layer. Remembered for each model.
 */
export function placementOf(model: OnnxModel): Placement {
  let placement = placements.get(model);
  if (placement === undefined) {
    placement = placeTensors(model);
    placements.set(model, placement);
  }
  return placement;
}

function placeTensors(model: OnnxModel): Placement {
  const { proto, bindings } = model;
  const graph = proto.graph!;
  const stored = storedTensors(graph);
  const weights = bindings.map(({ layer, weight }): PlacedWeight => {
    return { layer, tensor: weight, floatType: floatTypeOf(stored.get(weight)!.dataType)! };
  });
  const activations = bindings.flatMap(({ layer, uses }) =>
    uses.flatMap(({ node: at, activationInput: input }): PlacedActivation[] => {
      if (input < 0) return [];
      const node = graph.node[at]!;
      const tensor = node.input[input]!;
      const readers = [{ operator: firstOutput(node), input }];
      return [{ tensor, layer, range: tensor, readers }];
    }),
  );
  const biases = new Set(
    bindings.flatMap(({ uses }) =>
      uses.map(({ node, biasInput }) => graph.node[node]!.input[biasInput ?? -1] ?? ""),
    ),
  );
  biases.delete("");
  const floats = floatsOf(stored, weights, biases);
  const index = indexGraph(graph);
  const returned = returnedValues(index);
  const operators = placeOperators(model, index, ORT_CPU_PROFILE, returned);
  return { weights, activations, floats, returned, ...placeRegions(operators, returned) };
}

/** The biases, and what else is stored in float. */
function floatsOf(
  stored: ReadonlyMap<string, StoredTensor>,
  weights: readonly PlacedWeight[],
  biases: ReadonlySet<string>,
): PlacedFloat[] {
  const typeOf = (tensor: string) => floatTypeOf(stored.get(tensor)?.dataType ?? 0);
  const floats = [...biases].map((tensor): PlacedFloat => {
    const reason = "biases are added in float";
    return { role: "bias", tensor, floatType: typeOf(tensor), reason };
  });
  const placed = new Set([...biases, ...weights.map(({ tensor }) => tensor)]);
  for (const tensor of stored.keys()) {
    const floatType = typeOf(tensor);
    if (floatType === undefined || placed.has(tensor)) continue;
    floats.push({ role: "other", tensor, floatType, reason: "it is no layer's weights" });
  }
  return floats;
}
