import type { GraphIndex } from "../graph/graph-index.js";
import { intAttribute, isStandardDomain } from "../graph/node-attributes.js";
import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";

/** Operators whose first output has another type than their first input. */
const OTHER_TYPE: Readonly<Record<string, number>> = {
  Shape: DataType.INT64,
  Size: DataType.INT64,
  NonZero: DataType.INT64,
  ArgMax: DataType.INT64,
  ArgMin: DataType.INT64,
  NonMaxSuppression: DataType.INT64,
  Equal: DataType.BOOL,
  Greater: DataType.BOOL,
  GreaterOrEqual: DataType.BOOL,
  Less: DataType.BOOL,
  LessOrEqual: DataType.BOOL,
  And: DataType.BOOL,
  Or: DataType.BOOL,
  Not: DataType.BOOL,
  Xor: DataType.BOOL,
  IsNaN: DataType.BOOL,
  IsInf: DataType.BOOL,
};

/** Operators whose outputs' types do not follow from their inputs' by a simple rule. */
const UNKNOWN: ReadonlySet<string> = new Set([
  ...["If", "Loop", "Scan", "ConstantOfShape", "EyeLike", "OneHot", "SequenceAt", "Optional"],
  ...["SequenceEmpty", "SequenceConstruct", "SplitToSequence", "ConcatFromSequence"],
  ...["RandomNormal", "RandomUniform", "Multinomial", "Bernoulli", "DynamicQuantizeLinear"],
  ...["QuantizeLinear", "DequantizeLinear", "CategoryMapper", "LabelEncoder", "TfIdfVectorizer"],
]);

/** Operators whose outputs after the first have the first's type too. */
const ALL_ALIKE: ReadonlySet<string> = new Set(["Split", "LSTM", "GRU", "RNN"]);

/** Operators whose operands and results all have one type. */
const ONE_TYPE: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "Gemm", "MatMul", "Add", "Sub", "Mul", "Div", "Concat", "Sum"],
  ...["Max", "Min", "PRelu", "BatchNormalization"],
]);

/**
 * The values of a graph that are float32 for sure, by the types of what they come from, or of what
 * they are computed with.
 */
export function floatValues(index: GraphIndex): ReadonlySet<string> {
  const types = new Map<string, number>();
  for (const { name, type } of index.graph.input)
    if (type?.value.case === "tensorType") types.set(name, type.value.value.elemType);
  for (const [name, { tensor }] of index.constants) types.set(name, tensor.dataType);
  for (const at of index.order) {
    const node = index.graph.node[at]!;
    const first = node.output[0] ?? "";
    if (!isStandardDomain(node.domain) || types.has(first)) continue;
    const { opType } = node;
    if (ONE_TYPE.has(opType)) {
      const known = node.input.find((name) => types.has(name));
      if (known === undefined) continue;
      for (const name of [...node.input, ...node.output]) types.set(name, types.get(known)!);
      continue;
    }
    const type =
      OTHER_TYPE[opType] ??
      (opType === "Cast"
        ? intAttribute(node, "to", 0)
        : UNKNOWN.has(opType)
          ? undefined
          : types.get(node.input[opType === "Where" ? 1 : 0] ?? ""));
    if (type === undefined) continue;
    types.set(first, type);
    if (ALL_ALIKE.has(opType)) for (const name of node.output) types.set(name, type);
  }
  return new Set([...types].flatMap(([name, type]) => (type === DataType.FLOAT ? [name] : [])));
}
