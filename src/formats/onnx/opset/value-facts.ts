import { constantTensor } from "../graph/constant-tensor.js";
import { findAttribute, isStandardDomain } from "../graph/node-attributes.js";
import { readIntegerTensor } from "../graph/tensor-values.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "../wire/onnx_pb.js";

/** The lists of a graph or function body that say something about its values. */
export interface ValueScope {
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
  readonly valueInfo: readonly ValueInfoProto[];
}

const INT64_OUTPUT = new Set(["Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression"]);
const BOOL_OUTPUT = new Set(
  "And Or Not Xor Equal Greater GreaterOrEqual Less LessOrEqual IsNaN IsInf".split(" "),
);
/**
 * Operators whose first output has the element type of this input; 0 for all that are in neither
 * list.
 */
const TYPE_INPUT: ReadonlyMap<string, number> = new Map([
  ["Where", 1],
  ["DequantizeLinear", 1],
  ["OneHot", 2],
  ["CastLike", 1],
]);
/** Operators whose first output has a type that no input gives. */
const TYPE_UNKNOWN = new Set(
  `If Loop Scan Optional OptionalGetElement SequenceAt SequenceConstruct SequenceMap
  SplitToSequence QuantizeLinear DynamicQuantizeLinear QLinearConv QLinearMatMul ConvInteger
  MatMulInteger BitCast TfIdfVectorizer StringNormalizer StringSplit RegexFullMatch ImageDecoder
  Multinomial Bernoulli SequenceLength ConcatFromSequence OptionalHasElement SequenceEmpty
  MelWeightMatrix HannWindow HammingWindow BlackmanWindow RandomNormal RandomUniform
  RandomNormalLike RandomUniformLike EyeLike`.split(/\s+/),
);
/** Operators whose output has the rank of their first input. */
const SAME_RANK = new Set(
  `Abs AveragePool BatchNormalization Cast Ceil Celu Clip Conv ConvTranspose DequantizeLinear
  Dropout Elu Erf Exp Floor Gelu GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Hardmax
  Identity InstanceNormalization LayerNormalization LRN LeakyRelu Log LogSoftmax LpNormalization
  MaxPool Mish Neg Pad QuantizeLinear Reciprocal Relu Round Selu Sigmoid Sign Slice Softmax
  Softplus Softsign Split Sqrt Tanh Tile Transpose Upsample Resize Shrink ThresholdedRelu`.split(
    /\s+/,
  ),
);

/** Operators whose outputs all have the type of the first input. */
const ONE_TYPE_OUTPUTS = new Set(["Split", "LSTM", "GRU", "RNN"]);

/** What one node tells of its output: a fact, or the input that shares it. */
interface Step {
  readonly fact?: number | undefined;
  readonly sameAs?: string | undefined;
}

/**
 * What can be known of the values of one graph without running shape inference: element type, rank,
 * and constant contents, from declarations first and then along chains of nodes that keep them.
 */
export class ValueFacts {
  readonly #producers = new Map<string, NodeProto>();
  readonly #declared = new Map<string, ValueInfoProto>();
  readonly #initializers = new Map<string, TensorProto>();
  readonly #inputs = new Set<string>();
  readonly #elementTypes = new Map<string, number | undefined>();
  readonly #ranks = new Map<string, number | undefined>();
  readonly #outer: ValueFacts | undefined;

  /** @param outer facts of the graph around this subgraph, whose values are visible inside it */
  constructor(scope: ValueScope, outer?: ValueFacts) {
    this.#outer = outer;
    for (const node of scope.node) this.addNode(node);
    for (const info of [...scope.valueInfo, ...scope.output, ...scope.input])
      this.#declared.set(info.name, info);
    for (const { name } of scope.input) this.#inputs.add(name);
    for (const tensor of scope.initializer) this.#initializers.set(tensor.name, tensor);
  }

  /** Takes notice of a node that was added to the graph. */
  addNode(node: NodeProto): void {
    for (const name of node.output) this.#producers.set(name, node);
  }

  /** The node that computes a value, looked for outwards; undefined for inputs and initializers. */
  private producer(name: string): NodeProto | undefined {
    return this.#producers.get(name) ?? this.#outer?.producer(name);
  }

  private declaration(name: string): { elementType: number; rank: number | undefined } | undefined {
    const tensor = this.#initializers.get(name);
    if (tensor !== undefined) return { elementType: tensor.dataType, rank: tensor.dims.length };
    const type = this.#declared.get(name)?.type?.value;
    if (type?.case === "tensorType" && type.value.elemType !== DataType.UNDEFINED)
      return { elementType: type.value.elemType, rank: type.value.shape?.dim.length };
    return this.#outer?.declaration(name);
  }

  /**
   * The tensor that a name always stands for; undefined when it is computed, or is an initializer
   * that a caller may replace because it is a graph input too.
   */
  constant(name: string): TensorProto | undefined {
    const tensor = this.#initializers.get(name);
    if (tensor !== undefined) return this.#inputs.has(name) ? undefined : tensor;
    const node = this.#producers.get(name);
    if (node !== undefined)
      return node.opType === "Constant" && isStandardDomain(node.domain)
        ? constantTensor(node)
        : undefined;
    return this.#outer?.constant(name);
  }

  /** TensorProto.DataType of a value; undefined when it cannot be told. */
  elementType(name: string): number | undefined {
    return this.follow(name, this.#elementTypes, (at) => this.elementTypeStep(at));
  }

  /** Number of dimensions of a value; undefined when it cannot be told. */
  rank(name: string): number | undefined {
    return this.follow(name, this.#ranks, (at) => this.rankStep(at));
  }

  /**
   * Walks from value to value until a step gives a fact or nothing more; all values on the way
   * share it.
   */
  private follow(name: string, known: Map<string, number | undefined>, step: (at: string) => Step) {
    const passed: string[] = [];
    let fact: number | undefined;
    for (let at: string | undefined = name; at !== undefined; ) {
      if (known.has(at)) {
        fact = known.get(at);
        break;
      }
      // Set at once, so that a cycle ends as unknown.
      known.set(at, undefined);
      passed.push(at);
      const next = step(at);
      fact = next.fact;
      at = next.sameAs;
    }
    for (const at of passed) known.set(at, fact);
    return fact;
  }

  private elementTypeStep(name: string): Step {
    const declared = this.declaration(name);
    if (declared !== undefined) return { fact: declared.elementType };
    const node = this.producer(name);
    if (node === undefined || !isStandardDomain(node.domain) || TYPE_UNKNOWN.has(node.opType))
      return {};
    const { opType } = node;
    const output = node.output.indexOf(name);
    if (opType === "Cast") return { fact: Number(findAttribute(node, "to")?.i ?? 0) || undefined };
    if (opType === "Constant") return { fact: constantTensor(node)?.dataType };
    if (opType === "ConstantOfShape")
      return { fact: findAttribute(node, "value")?.t?.dataType ?? DataType.FLOAT };
    if (INT64_OUTPUT.has(opType) || (opType === "TopK" && output === 1))
      return { fact: DataType.INT64 };
    if (BOOL_OUTPUT.has(opType)) return { fact: DataType.BOOL };
    if (output > 0 && !ONE_TYPE_OUTPUTS.has(opType)) return {};
    return { sameAs: node.input[TYPE_INPUT.get(opType) ?? 0] };
  }

  private rankStep(name: string): Step {
    const declared = this.declaration(name)?.rank;
    if (declared !== undefined) return { fact: declared };
    const node = this.producer(name);
    if (node === undefined || !isStandardDomain(node.domain)) return {};
    if (node.opType === "Gemm" || node.opType === "Flatten") return { fact: 2 };
    if (node.opType === "Constant") return { fact: constantTensor(node)?.dims.length };
    if (node.opType === "Reshape") {
      const shape = this.constant(node.input[1] ?? "");
      return { fact: shape === undefined ? undefined : readIntegerTensor(shape).length };
    }
    return SAME_RANK.has(node.opType) && node.output[0] === name ? { sameAs: node.input[0] } : {};
  }
}
