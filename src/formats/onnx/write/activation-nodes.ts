import type { PlannedActivation } from "../../../deploy/deployment-plan.js";
import { codeRange } from "../../../quantization/index.js";
import { makeNode } from "../graph/make-node.js";
import type { ModelNames } from "../opset/model-names.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";
import { dataTypeOf } from "./float-types.js";
import type { GraphPart } from "./graph-writer.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";
import { storageType } from "./storage-type.js";

/** The least opset that {@link activationNodes} needs for this activation. */
export function activationOpset({ parameters, storage }: PlannedActivation): number {
  // 13: Clip with bounds as inputs, and of float16.
  const clip = parameters.bits < storage.bits ? 13 : 0;
  return Math.max(storageType(storage).opset, clip, storage.float16Scale ? 19 : 0);
}

/** What {@link activationNodes} may be told beside the activation. */
export interface ActivationPlace {
  /** The tensor that is rounded. Default: the activation itself. */
  readonly source?: string;
  /** Name of what comes out. Default: a fresh one. */
  readonly output?: string;
  /** Something the runtime must not look through stands before. */
  readonly apart?: boolean;
}

/**
 * QuantizeLinear and DequantizeLinear on an activation. They take float32 or, with a float16 scale,
 * float16; other types are cast to float32 and back. Narrower codes than the storage type has are
 * made by a Clip before: the same codes, for the bounds divide by the scale to whole numbers.
 * @param floatWeights the weights that the activation meets stay in float
 * @returns the nodes, and the name of the tensor that takes the activation's place
 */
export function activationNodes(
  activation: PlannedActivation,
  floatWeights: boolean,
  names: ModelNames,
  place: ActivationPlace = {},
): GraphPart & { readonly output: string } {
  const { tensor } = activation;
  const { parameters: params, storage } = unsignedCodes(activation);
  const { float16Scale } = storage;
  const elementType = dataTypeOf(storage.floatType);
  const scale = scaleTensor(names.fresh(`${tensor}_scale`), [], params.scale, float16Scale);
  const zeroPoint = zeroPointTensor(
    names.fresh(`${tensor}_zero_point`),
    [],
    params.zeroPoint,
    storageType(storage),
  );
  const nodes: NodeProto[] = [];
  const emit = (
    opType: string,
    inputs: string[],
    suffix: string,
    attributes: Record<string, number> = {},
    last = false,
  ) => {
    const output = (last ? place.output : undefined) ?? names.fresh(`${tensor}_${suffix}`);
    nodes.push(makeNode(opType, names.fresh(`${tensor}_${opType}`), inputs, [output], attributes));
    return output;
  };
  const cast = elementType !== (float16Scale ? DataType.FLOAT16 : DataType.FLOAT);
  let source = place.source ?? tensor;
  if (place.apart === true) source = emit("Max", [source], "copy");
  if (cast) source = emit("Cast", [source], "float32", { to: DataType.FLOAT });
  const clips: TensorProto[] = [];
  if (params.bits < storage.bits) {
    const { qMin, qMax } = codeRange(params);
    for (const [name, code] of [
      ["min", qMin],
      ["max", qMax],
    ] as const) {
      const bound = Float32Array.of((code - params.zeroPoint[0]!) * params.scale[0]!);
      clips.push(scaleTensor(names.fresh(`${tensor}_${name}`), [], bound, float16Scale));
    }
    source = emit("Clip", [source, ...clips.map(({ name }) => name)], "clipped");
  }
  const codes = emit("QuantizeLinear", [source, scale.name, zeroPoint.name], "q");
  const operands = [codes, scale.name, zeroPoint.name];
  let output = emit("DequantizeLinear", operands, "dq", {}, !cast && !floatWeights);
  if (cast) output = emit("Cast", [output], "cast", { to: elementType }, !floatWeights);
  // ONNX Runtime rounds float weights to 8 bits where they meet a DequantizeLinear and a
  // QuantizeLinear follows.
  if (floatWeights) output = emit("Max", [output], "dq_copy", {}, true);
  return { initializers: [scale, zeroPoint, ...clips], nodes, output };
}

/**
 * The same values with unsigned codes of 8 bits. An integer kernel takes codes of one type from
 * operator to operator, and layers may have different schemes.
 */
function unsignedCodes(
  activation: PlannedActivation,
): Pick<PlannedActivation, "parameters" | "storage"> {
  const { parameters, storage } = activation;
  if (storage.bits !== 8 || !storage.signed || parameters.bits !== 8) return activation;
  return {
    parameters: {
      ...parameters,
      signed: false,
      zeroPoint: parameters.zeroPoint.map((code) => code + 128),
    },
    storage: { ...storage, signed: false },
  };
}
