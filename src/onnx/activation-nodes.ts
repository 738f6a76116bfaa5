import type { ActivationFormat } from "./activation-ranges.js";
import { makeNode } from "./make-node.js";
import type { ModelNames } from "./opset/model-names.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";
import type { GraphPart } from "./weight-nodes.js";
import { TensorProto_DataType as DataType, type NodeProto } from "./wire/onnx_pb.js";

/** The least opset that {@link activationNodes} needs for this format. */
export function activationOpset(format: ActivationFormat): number {
  return Math.max(format.storage.opset, format.float16Scale ? 19 : 0);
}

/**
 * QuantizeLinear and DequantizeLinear on an activation. They take float32 or, with a float16 scale, float16;
 * other types are cast to float32 and back.
 * @returns the nodes, and the name of the tensor that takes the activation's place
 */
export function activationNodes(
  tensor: string,
  format: ActivationFormat,
  names: ModelNames,
): GraphPart & { readonly output: string } {
  const { params, storage, elementType, float16Scale } = format;
  const scale = scaleTensor(names.fresh(`${tensor}_scale`), [], params.scale, float16Scale);
  const zeroPoint = zeroPointTensor(names.fresh(`${tensor}_zero_point`), [], params.zeroPoint, storage);
  const nodes: NodeProto[] = [];
  const emit = (
    opType: string,
    inputs: string[],
    suffix: string,
    attributes: Record<string, number> = {},
  ) => {
    const output = names.fresh(`${tensor}_${suffix}`);
    nodes.push(makeNode(opType, names.fresh(`${tensor}_${opType}`), inputs, [output], attributes));
    return output;
  };
  const cast = elementType !== (float16Scale ? DataType.FLOAT16 : DataType.FLOAT);
  const source = cast ? emit("Cast", [tensor], "float32", { to: DataType.FLOAT }) : tensor;
  const codes = emit("QuantizeLinear", [source, scale.name, zeroPoint.name], "q");
  let output = emit("DequantizeLinear", [codes, scale.name, zeroPoint.name], "dq");
  if (cast) output = emit("Cast", [output], "cast", { to: elementType });
  return { initializers: [scale, zeroPoint], nodes, output };
}
