import { isMicrosoftDomain, isStandardDomain } from "../graph/node-attributes.js";
import type { NodeProto } from "../wire/onnx_pb.js";
import { LAYER_OPERATORS, type LayerOperator } from "./layer-rules.js";
import { MICROSOFT_LAYER_OPERATORS } from "./microsoft-layers.js";

/** How weights are found at a node; undefined where no operand of it can be a layer's. */
export function layerOperator({ domain, opType }: NodeProto): LayerOperator | undefined {
  if (isStandardDomain(domain)) return LAYER_OPERATORS.get(opType);
  return isMicrosoftDomain(domain) ? MICROSOFT_LAYER_OPERATORS.get(opType) : undefined;
}
