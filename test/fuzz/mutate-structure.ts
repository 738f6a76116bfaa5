import { clone, create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  FunctionProtoSchema,
  type GraphProto,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
} from "../../src/formats/onnx/wire/onnx_pb.js";
import type { Random } from "../../src/random/random.js";
import { integers, node, value, weights } from "../formats/onnx/graph-builder.js";

/** Sizes and numbers at which something ends. */
const EXTENTS = [
  -1n,
  0n,
  1n,
  2n,
  3n,
  7n,
  1024n,
  65_536n,
  2n ** 31n,
  2n ** 36n,
  2n ** 53n,
  2n ** 62n,
];
const NUMBERS = [...EXTENTS, -2n, -3n, -(2n ** 63n), 2n ** 63n - 1n];
const OPERATORS = (
  "Conv ConvTranspose Gemm MatMul Gather LSTM GRU RNN Reshape Transpose Slice Split " +
  "Concat Expand Squeeze Unsqueeze Flatten Tile Pad Resize Upsample Range " +
  "ConstantOfShape Shape Size Cast Where Add Sub Mul Div Pow Sqrt Max Min ReduceL2 " +
  "ReduceSum ReduceMean ReduceProd BatchNormalization LayerNormalization " +
  "InstanceNormalization MaxPool AveragePool LpPool GlobalAveragePool Einsum Attention " +
  "Softmax Relu Clip Identity Dropout DepthToSpace SpaceToDepth GatherND GatherElements " +
  "ScatterND TopK NonZero OneHot CumSum If Loop Scan DequantizeLinear QuantizeLinear " +
  "MatMulNBits FusedConv Nothing"
).split(" ");
OPERATORS.push("Odd\u001b[2J");
const ATTRIBUTES = (
  "group axis axes perm strides pads dilations kernel_shape output_padding output_shape " +
  "auto_pad transA transB alpha beta hidden_size direction layout to value value_ints " +
  "value_float start end equation split num_outputs keepdims noop_with_empty_axes " +
  "allowzero blocksize ceil_mode batch_dims q_num_heads kv_num_heads mode scales epsilon"
).split(" ");
const NAMES = ["", "x", "__proto__", "constructor", "a\u001b[2J", "n".repeat(5000)];

type Change = (graph: GraphProto, random: Random, model: ModelProto) => void;

const anyNode = (graph: GraphProto, random: Random): NodeProto | undefined =>
  graph.node.length === 0 ? undefined : random.pick(graph.node);
const anyTensor = (graph: GraphProto, random: Random): TensorProto | undefined =>
  graph.initializer.length === 0 ? undefined : random.pick(graph.initializer);

function anyName(graph: GraphProto, random: Random): string {
  const names = [
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ];
  return random.chance(0.1) || names.length === 0 ? random.pick(NAMES) : random.pick(names);
}

function anyAttribute(random: Random) {
  const name = random.pick(ATTRIBUTES);
  const ints = Array.from({ length: random.integer(7) }, () => random.pick(NUMBERS));
  return create(AttributeProtoSchema, {
    name,
    type: random.pick([
      AttributeProto_AttributeType.INT,
      AttributeProto_AttributeType.INTS,
      AttributeProto_AttributeType.FLOAT,
      AttributeProto_AttributeType.STRING,
    ]),
    i: random.pick(NUMBERS),
    ints,
    f: random.pick([0, -1, 1e30, Number.NaN, Number.POSITIVE_INFINITY]),
    floats: ints.map(Number),
    s: new TextEncoder().encode(random.pick(["SAME_UPPER", "VALID", "reverse", "ij,jk->ik", "a"])),
    ...(name === "value" && { t: smallTensor(random) }),
  });
}

/** A tensor whose data fit its shape, zeros among the extents included. */
function smallTensor(random: Random): TensorProto {
  const rank = random.integer(5);
  const dims = Array.from({ length: rank }, () => random.integer(4));
  if (dims.includes(0) && random.chance(0.5)) dims[random.integer(rank)] = 2 ** 36;
  const fits = dims.includes(0) || !dims.includes(2 ** 36);
  const made = random.chance(0.5)
    ? weights("t", fits ? dims : [2])
    : integers(
        "t",
        Array.from({ length: random.integer(5) }, () => random.integer(9) - 3),
      );
  return made;
}

const CHANGES: readonly Change[] = [
  (graph, random) => {
    const one = anyNode(graph, random);
    if (one && one.input.length > 0)
      one.input[random.integer(one.input.length)] = anyName(graph, random);
  },
  (graph, random) => {
    anyNode(graph, random)?.input.push(anyName(graph, random));
  },
  (graph, random) => {
    anyNode(graph, random)?.input.splice(random.integer(3), 1);
  },
  (graph, random) => {
    const one = anyNode(graph, random);
    if (one) one.opType = random.pick(OPERATORS);
  },
  (graph, random) => {
    const one = anyNode(graph, random);
    if (one) one.attribute = [...one.attribute, anyAttribute(random)];
  },
  (graph, random) => {
    const one = anyNode(graph, random);
    const at = one && one.attribute.length > 0 ? random.pick(one.attribute) : undefined;
    if (at === undefined) return;
    at.i = random.pick(NUMBERS);
    if (at.ints.length > 0) at.ints[random.integer(at.ints.length)] = random.pick(NUMBERS);
    if (random.chance(0.2)) at.ints = at.ints.slice(1);
  },
  (graph, random) => {
    graph.node.splice(random.integer(graph.node.length + 1), 1);
  },
  (graph, random) => {
    const one = anyNode(graph, random);
    if (one) graph.node.push(Object.assign(one, {}));
  },
  (graph, random) => {
    random.shuffle(graph.node);
  },
  (graph, random) => {
    const output = `f${random.integer(1000)}`;
    const inputs = Array.from({ length: random.integer(4) }, () => anyName(graph, random));
    const made = node(random.pick(OPERATORS), inputs, [output]);
    for (let i = random.integer(4); i > 0; i--) made.attribute.push(anyAttribute(random));
    graph.node.splice(random.integer(graph.node.length + 1), 0, made);
    const reader = anyNode(graph, random);
    if (reader && reader.input.length > 0) reader.input[0] = output;
  },
  (graph, random) => {
    const tensor = anyTensor(graph, random);
    if (tensor === undefined) return;
    const axis = random.integer(tensor.dims.length + 1);
    tensor.dims[axis] = random.pick(EXTENTS);
  },
  (graph, random) => {
    const tensor = anyTensor(graph, random);
    if (tensor) tensor.dims = random.shuffle([...tensor.dims]);
  },
  (graph, random) => {
    const tensor = anyTensor(graph, random);
    if (tensor) tensor.dataType = random.integer(30);
  },
  (graph, random) => {
    const tensor = anyTensor(graph, random);
    if (tensor) tensor.rawData = tensor.rawData.slice(0, random.integer(tensor.rawData.length + 1));
  },
  (graph, random) => {
    const tensor = anyTensor(graph, random);
    if (tensor) tensor.name = anyName(graph, random);
  },
  (graph, random) => {
    const made = smallTensor(random);
    made.name = `s${random.integer(1000)}`;
    graph.initializer.push(made);
    const reader = anyNode(graph, random);
    if (reader && reader.input.length > 0)
      reader.input[random.integer(reader.input.length)] = made.name;
  },
  (graph, random) => {
    const name = random.chance(0.5) ? anyName(graph, random) : "new";
    const dims = Array.from({ length: random.integer(6) }, () => Number(random.pick(EXTENTS)));
    const info = value(name, random.chance(0.1) ? ["n", ...dims] : dims);
    random.pick([graph.input, graph.output, graph.valueInfo]).push(info);
  },
  (graph, random) => {
    random.pick([graph.input, graph.output, graph.initializer, graph.valueInfo]).splice(0, 1);
  },
  (graph, random, model) => {
    const tensor = anyTensor(graph, random);
    if (tensor === undefined) return;
    const fields = { location: random.pick(["d", "../d", "/dev/zero", "", "a\0"]), offset: "4" };
    tensor.externalData = Object.entries(fields).map(([key, text]) =>
      create(StringStringEntryProtoSchema, { key, value: text }),
    );
    if (random.chance(0.7)) tensor.dataLocation = 1;
    if (random.chance(0.5)) tensor.rawData = new Uint8Array(0);
    const within = node("Constant", [], ["c"], { value: tensor });
    if (random.chance(0.3))
      model.functions = [create(FunctionProtoSchema, { name: "f", node: [within] })];
  },
  (graph, random) => {
    const values = anyTensor(graph, random);
    graph.sparseInitializer.push(create(SparseTensorProtoSchema, values && { values }));
  },
  (graph, random) => {
    const inner = clone(ModelProtoSchema, create(ModelProtoSchema, { graph })).graph!;
    const made = node("If", [anyName(graph, random)], [`i${random.integer(99)}`], {
      then_branch: inner,
    });
    if (inner.node.length < 50) graph.node.push(made);
  },
  (_graph, random, model) => {
    const version = random.pick(NUMBERS);
    model.opsetImport = random.chance(0.5)
      ? model.opsetImport.map((one) => Object.assign(one, { version }))
      : [...model.opsetImport, ...model.opsetImport];
  },
  (graph, random) => {
    const one = anyNode(graph, random);
    if (one) one.domain = random.pick(["com.microsoft", "", "ai.onnx", "mine"]);
  },
  (graph, random) => {
    const one = anyNode(graph, random);
    if (one && one.output.length > 0) one.output[0] = anyName(graph, random);
  },
];

/**
 * A copy of a model with one to six changes that leave it a valid message: operands, operators,
 * attributes, shapes, types, names, graphs within graphs, other files.
 */
export function mutateStructure(original: ModelProto, random: Random): ModelProto {
  const model = clone(ModelProtoSchema, original);
  const changes = 1 + random.integer(random.chance(0.5) ? 2 : 6);
  for (let i = 0; i < changes && model.graph !== undefined; i++)
    random.pick(CHANGES)(model.graph, random, model);
  return model;
}
