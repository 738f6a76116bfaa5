import type { PlannedActivation, PlannedBias } from "../../../deploy/deployment-plan.js";
import type { PlacedOperator, Placement } from "../../../deploy/placement.js";
import { makeNode } from "../graph/make-node.js";
import { makeTensor } from "../graph/make-tensor.js";
import { findAttribute } from "../graph/node-attributes.js";
import type { ModelNames } from "../opset/model-names.js";
import { TensorProto_DataType as DataType, type NodeProto } from "../wire/onnx_pb.js";
import { fusedNode, gateNodes } from "./compound-nodes.js";
import type { GraphPart } from "./graph-writer.js";
import { scaleTensor } from "./scale-tensors.js";

/** Operators that the runtime makes integer by itself, their float weights rounded. */
const PRODUCTS: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** What a plan makes of the operators between layers. */
export class OperatorRewrites {
  readonly #operators: ReadonlyMap<string, PlacedOperator>;
  readonly #makers: ReadonlyMap<string, PlacedOperator>;
  /** Operators that compute on codes. */
  readonly #integer = new Set<string>();
  /** Values between the nodes of compound operators. */
  readonly inner: ReadonlySet<string>;
  /** Values that are rounded where they are made. */
  readonly everywhere = new Map<string, PlannedActivation>();

  constructor({ operators = [] }: Placement, activations: readonly PlannedActivation[]) {
    this.#operators = new Map(operators.map((one) => [one.operator, one]));
    this.#makers = new Map(operators.flatMap((one) => one.makes.map((value) => [value, one])));
    this.inner = new Set(operators.flatMap(({ inner = [] }) => inner));
    for (const activation of activations) {
      if (activation.everywhere === true) this.everywhere.set(activation.tensor, activation);
      if (activation.parameters.bits === 8)
        for (const { operator } of activation.readers)
          if (this.#operators.get(operator)?.kernel.form !== undefined) this.#integer.add(operator);
    }
  }

  /** The node computes on codes. */
  isInteger(operator: string): boolean {
    return this.#integer.has(operator);
  }

  /**
   * The runtime would take a slow integer kernel for what makes the value when rounding follows it.
   */
  needsDistance(value: string): boolean {
    for (let maker = this.#makers.get(value); maker !== undefined; ) {
      if (this.#integer.has(maker.operator)) return false;
      if (maker.kernel.keepApart === true) return true;
      if (maker.kernel.form !== "pass") return false;
      maker = this.#makers.get(maker.reads[0]?.value ?? "");
    }
    return false;
  }

  /**
   * The name of what takes the place of an operand that is rounded everywhere, for a layer that
   * computes in float: past something that the runtime does not look through.
   */
  isolates(operator: string, value: string): boolean {
    const placed = this.#operators.get(operator);
    return (
      placed !== undefined &&
      PRODUCTS.has(placed.type) &&
      !this.#integer.has(operator) &&
      this.everywhere.has(value)
    );
  }

  /**
   * The nodes that compute what a compound operator or one without an integer kernel computes on
   * codes; undefined when the node stays as it is.
   * @param operands names of what operands were rounded to for this node alone
   */
  replacement(
    node: NodeProto,
    operands: ReadonlyMap<string, string>,
    names: ModelNames,
  ): (GraphPart & { readonly done: boolean }) | undefined {
    const output = node.output[0] ?? "";
    const placed = this.#operators.get(output);
    if (placed === undefined) return undefined;
    const read = placed.reads[0]?.value ?? "";
    const rounded = operands.get(read) ?? read;
    const { type } = placed;
    if (
      (type === "SiLU" || type === "Gelu") &&
      placed.reads.length === 1 &&
      (this.#integer.has(output) || this.everywhere.has(read))
    )
      return { initializers: [], nodes: [fusedNode(type, rounded, output, names)], done: false };
    if (!this.#integer.has(output)) return undefined;
    if (type === "HardSigmoid") {
      const slope = findAttribute(node, "alpha")?.f ?? 0.2;
      const offset = findAttribute(node, "beta")?.f ?? 0.5;
      const { parameters } = this.everywhere.get(output)!;
      const done =
        parameters.scale[0] === Math.fround(1 / 255) &&
        parameters.zeroPoint[0] === 0 &&
        !parameters.signed;
      return { ...gateNodes(rounded, output, { slope, offset }, names), done };
    }
    if (type === "HardSwish") {
      const gate = names.fresh(`${output}_gate`);
      const { initializers, nodes } = gateNodes(
        rounded,
        gate,
        { slope: 1 / 6, offset: 0.5 },
        names,
      );
      const mul = makeNode("Mul", names.fresh(`${output}_Mul`), [rounded, gate], [output]);
      return { initializers, nodes: [...nodes, mul], done: false };
    }
    return undefined;
  }
}

/** The int32 tensor of a bias, and a DequantizeLinear. */
export function biasNodes(
  { tensor, scale, codes }: PlannedBias,
  dims: readonly number[],
  names: ModelNames,
): GraphPart & { readonly output: string } {
  const view = new DataView(new ArrayBuffer(4 * codes.length));
  codes.forEach((code, i) => {
    view.setInt32(4 * i, code, true);
  });
  const stored = makeTensor(
    names.fresh(`${tensor}_q`),
    dims,
    DataType.INT32,
    new Uint8Array(view.buffer),
  );
  const perTensor = scale.length === 1;
  const scales = scaleTensor(
    names.fresh(`${tensor}_scale`),
    perTensor ? [] : [scale.length],
    scale,
    false,
  );
  const output = names.fresh(`${tensor}_dq`);
  const node = makeNode(
    "DequantizeLinear",
    names.fresh(`${tensor}_DequantizeLinear`),
    [stored.name, scales.name],
    [output],
    perTensor ? {} : { axis: dims.length - 1 },
  );
  return { initializers: [stored, scales], nodes: [node], output };
}
