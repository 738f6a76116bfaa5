import { unpackBits } from "../../../quantization/index.js";
import { makeNode } from "../graph/make-node.js";
import { makeTensor } from "../graph/make-tensor.js";
import { MICROSOFT } from "../graph/node-attributes.js";
import type { ModelNames } from "../opset/model-names.js";
import { TensorProto_DataType as DataType, type NodeProto } from "../wire/onnx_pb.js";
import { dataTypeOf } from "./float-types.js";
import { type GraphPart, GraphWriter } from "./graph-writer.js";
import { scaleTensor, zeroPointTensor } from "./scale-tensors.js";
import { storageType } from "./storage-type.js";
import type { FormedUse, FormedWeight } from "./weight-forms.js";
import { dequantized, floatWeights, integerCodes } from "./weight-nodes.js";

/** Turns an operator into those that read quantized weights. */
export type OperatorRewrite = (node: NodeProto) => readonly NodeProto[];

/** A quantized weight tensor in a graph. */
export interface WeightPart extends GraphPart {
  /** What becomes of operators, by their first output. */
  readonly operators: ReadonlyMap<string, OperatorRewrite>;
}

/**
 * The tensors and nodes of a weight tensor in its form. Where operators read the stored tensor by
 * its name, a node makes it again.
 */
export function weightPart(formed: FormedWeight, names: ModelNames): WeightPart {
  const { weight, form } = formed;
  const writer = new GraphWriter(weight.tensor, names);
  const operators = new Map<string, OperatorRewrite>();
  if (form === "float") floatWeights(formed, writer, weight.tensor);
  else if (form === "integer") integerPart(formed, writer, operators);
  else if (form === "lookup") lookupPart(formed, writer, operators);
  else if (form === "blocks") blocksPart(formed, writer, operators);
  else recurrentPart(formed, writer, operators);
  const { initializers, nodes } = writer;
  return { initializers, nodes, operators };
}

/** True for operators whose activation is no longer read as the plan quantizes it. */
export function quantizesInput({ form }: FormedWeight): boolean {
  return form === "recurrent";
}

function integerPart(
  formed: FormedWeight,
  writer: GraphWriter,
  operators: Map<string, OperatorRewrite>,
): void {
  const integer = integerCodes(formed, writer);
  dequantized(integer, writer, undefined, formed.weight.tensor);
  for (const { operator, opType, seen } of formed.uses) {
    if (opType === "Gather") operators.set(operator, lookup(formed, integer, writer));
    else if (!seen.direct) {
      const operand = dequantized(integer, writer, seen.permutation);
      operators.set(operator, (node) => {
        node.input[seen.input] = operand;
        return [node];
      });
    }
  }
}

function lookupPart(
  formed: FormedWeight,
  writer: GraphWriter,
  operators: Map<string, OperatorRewrite>,
): void {
  const { weight, dims } = formed;
  const { parameters: params, storage: stored, codes } = weight;
  const storage = storageType(stored);
  let table = writer.store("q", (name) => makeTensor(name, dims, storage.dataType, codes));
  // Gather has no kernel for narrower codes; the cast is done when the file is loaded.
  if (storage.bits < 8)
    table = writer.emit("Cast", [table], { to: stored.signed ? DataType.INT8 : DataType.UINT8 });
  const scaleDims = params.granularity === "per-tensor" ? [] : [dims[0]!, 1];
  const float = { to: DataType.FLOAT };
  const { float16Scale } = stored;
  let scale = writer.store("scale", (name) =>
    scaleTensor(name, scaleDims, params.scale, float16Scale),
  );
  if (float16Scale) scale = writer.emit("Cast", [scale], float);
  const shifted = params.zeroPoint.some((code) => code !== 0);
  const zeroPoint = shifted
    ? writer.emit(
        "Cast",
        [
          writer.store("zero_point", (z) =>
            zeroPointTensor(z, scaleDims, params.zeroPoint, storage),
          ),
        ],
        float,
      )
    : undefined;
  const rows = scaleDims.length > 0;
  for (const { operator } of formed.uses)
    operators.set(operator, gathered(formed, { table, scale, zeroPoint, rows }, writer.names));
}

/** A look-up in a table whose codes an integer kernel reads as well. */
function lookup(
  { weight, dims }: FormedWeight,
  integer: ReturnType<typeof integerCodes>,
  writer: GraphWriter,
): OperatorRewrite {
  const rows = integer.axis !== undefined;
  const column = (name: string) =>
    rows ? writer.emit("Reshape", [name, writer.integers("rows", [dims[0]!, 1])]) : name;
  const zeroPoint = weight.parameters.zeroPoint.some((code) => code !== 0)
    ? writer.emit("Cast", [column(integer.zeroPoint)], { to: DataType.FLOAT })
    : undefined;
  const table = { table: integer.codes, scale: column(integer.scale), zeroPoint, rows };
  return gathered({ weight }, table, writer.names);
}

/** A table of codes, with a scale and a zero point for all or, [rows, 1], for each row. */
interface CodeTable {
  readonly table: string;
  readonly scale: string;
  readonly zeroPoint: string | undefined;
  readonly rows: boolean;
}

/** Rows are looked up as codes; DequantizeLinear before Gather would make the whole table. */
function gathered(
  { weight }: Pick<FormedWeight, "weight">,
  { table, scale, zeroPoint, rows }: CodeTable,
  names: ModelNames,
): OperatorRewrite {
  const { floatType } = weight.storage;
  return (node) => {
    const output = node.output[0]!;
    const writer = new GraphWriter(output, names);
    const ids = node.input[1]!;
    const find = (from: string) => (rows ? writer.emit("Gather", [from, ids], { axis: 0 }) : from);
    const codes = names.fresh(`${output}_codes`);
    node.input[0] = table;
    node.output[0] = codes;
    let value = writer.emit("Cast", [codes], { to: DataType.FLOAT });
    if (zeroPoint !== undefined) value = writer.emit("Sub", [value, find(zeroPoint)]);
    const cast = floatType !== "float32";
    value = writer.emit("Mul", [value, find(scale)], {}, cast ? undefined : output);
    if (cast) writer.emit("Cast", [value], { to: dataTypeOf(floatType) }, output);
    return [node, ...writer.nodes];
  };
}

/**
 * MatMulNBits (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md): codes
 * [N, blocks, bytes], low half first, scales [N, blocks], zero points packed by rows. Accuracy
 * level 0 keeps activations in float; DequantizeLinear would be fused with level 4, which rounds
 * them.
 */
function blocksPart(
  { weight, dims, uses }: FormedWeight,
  writer: GraphWriter,
  operators: Map<string, OperatorRewrite>,
): void {
  const { parameters: params, storage, codes: packed } = weight;
  const { operator, seen } = uses[0]!;
  const [depthAxis, columnAxis] = seen.permutation as [number, number];
  const [depth, columns] = [dims[depthAxis]!, dims[columnAxis]!];
  const size = params.groupSize;
  const blocks = depth / size;
  const least = storage.signed ? -8 : 0;
  const codes = unpackBits(packed, 4, depth * columns, storage.signed);
  const transposed = depthAxis === 1;
  const codeAt = (k: number, n: number) =>
    codes[transposed ? n * depth + k : k * columns + n]! - least;
  const blockAt = (b: number, n: number) => (transposed ? n * blocks + b : b * columns + n);
  const bytes = new Uint8Array((columns * blocks * size) / 2);
  const scales = new Float32Array(columns * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeros = new Uint8Array(columns * zeroBytes);
  for (let n = 0; n < columns; n++) {
    for (let b = 0; b < blocks; b++) {
      const at = blockAt(b, n);
      const zero = params.zeroPoint[at]! - least;
      scales[n * blocks + b] = params.scale[at]!;
      zeros[n * zeroBytes + (b >> 1)]! |= zero << (4 * (b & 1));
      for (let i = 0; i < size; i++) {
        const code = codeAt(b * size + i, n);
        bytes[((n * blocks + b) * size + i) >> 1]! |= code << (4 * (i & 1));
      }
    }
  }
  const shape = [columns, blocks, size / 2];
  const operands = [
    writer.store("q", (name) => makeTensor(name, shape, DataType.UINT8, bytes)),
    writer.store("scale", (name) => scaleTensor(name, [columns, blocks], scales, false)),
  ];
  // The zero point is 8 unless one is given.
  if (params.zeroPoint.some((zero) => zero - least !== 8))
    operands.push(
      writer.store("zero_point", (z) => makeTensor(z, [columns, zeroBytes], DataType.UINT8, zeros)),
    );
  operators.set(operator, ({ name, input, output }) => {
    const settings = { K: depth, N: columns, bits: 4, block_size: size, accuracy_level: 0 };
    const node = makeNode("MatMulNBits", name, [input[0]!, ...operands], output, settings);
    node.domain = MICROSOFT;
    return [node];
  });
}

/** Inputs of an LSTM; DynamicQuantizeLSTM has scale and zero point of W and R behind them. */
const LSTM_INPUTS = 8;

/** Weights [directions, I, 4H] in INT8, scales [directions, 4H] or [directions]. */
function recurrentPart(
  { weight, dims, uses }: FormedWeight,
  writer: GraphWriter,
  operators: Map<string, OperatorRewrite>,
): void {
  const { parameters: params, storage: stored, codes } = weight;
  const { operator, seen } = uses[0]! as FormedUse;
  const { dataType } = storageType(stored);
  const [directions, gates] = dims as [number, number, number];
  let table = writer.store("q", (name) => makeTensor(name, dims, dataType, codes));
  if (dataType !== DataType.INT8) table = writer.emit("Cast", [table], { to: DataType.INT8 });
  table = writer.emit("Transpose", [table], { perm: [0, 2, 1] });
  const all = params.granularity === "per-tensor";
  const scaleDims = all ? [directions] : [directions, gates];
  const scales = all ? new Float32Array(directions).fill(params.scale[0]!) : params.scale;
  const scale = writer.store("scale", (name) => scaleTensor(name, scaleDims, scales, false));
  const eight = storageType({ bits: 8, signed: true });
  const zeros = new Int32Array(scales.length);
  const zeroPoint = writer.store("zero_point", (z) => zeroPointTensor(z, scaleDims, zeros, eight));
  operators.set(operator, (node) => {
    while (node.input.length < LSTM_INPUTS + 4) node.input.push("");
    node.opType = "DynamicQuantizeLSTM";
    node.domain = MICROSOFT;
    node.attribute = node.attribute.filter(({ name }) => name !== "layout");
    node.input[seen.input] = table;
    node.input[LSTM_INPUTS + 2 * (seen.input - 1)] = scale;
    node.input[LSTM_INPUTS + 2 * (seen.input - 1) + 1] = zeroPoint;
    return [node];
  });
}
