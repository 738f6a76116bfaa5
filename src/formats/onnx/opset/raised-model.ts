import type { ModelProto } from "../wire/onnx_pb.js";
import { raiseOpset } from "./raise-opset.js";

const raised = new WeakMap<ModelProto, Map<number, ModelProto>>();

/**
 * {@link raiseOpset}, remembered: a search asks for the same few opsets again and again. Treat the
 * result as read-only. A target at or below the model's opset gives the model itself.
 * @throws UnsupportedError naming the node that cannot be raised
 */
export function raisedModel(model: ModelProto, target: number): ModelProto {
  if (target < 1) return model;
  let known = raised.get(model);
  if (known === undefined) {
    known = new Map();
    raised.set(model, known);
  }
  let result = known.get(target);
  if (result === undefined) {
    result = raiseOpset(model, target);
    known.set(target, result);
  }
  return result;
}
