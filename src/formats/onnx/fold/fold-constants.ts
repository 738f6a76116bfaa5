import { elementBits, isFloatType, isIntegerType } from "../graph/element-type.js";
import { indexGraph } from "../graph/graph-index.js";
import { makeTensor } from "../graph/make-tensor.js";
import { intAttribute } from "../graph/node-attributes.js";
import { subgraphsOf } from "../graph/outer-names.js";
import { inferShapes } from "../shape/infer-shapes.js";
import { extentProduct, type Shape } from "../shape/shape-context.js";
import type { ModelWithGraph } from "../wire/decode-model.js";
import { LIMITS } from "../wire/limits.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";
import { CONSTANT_RULES, type ConstantContext, PASSING } from "./constant-rules.js";
import { floatTensor, isFoldedFloat } from "./float-tensor.js";
import { GraphEditor } from "./graph-editor.js";
import { withoutClaims } from "./known-inputs.js";
import type { WorkBudget } from "./work-budget.js";

const SHAPE_READERS: ReadonlySet<string> = new Set(["Shape", "Size"]);
const COMPARISONS: ReadonlySet<string> = new Set([
  "Equal",
  "Less",
  "LessOrEqual",
  "Greater",
  "GreaterOrEqual",
  "And",
  "Or",
  "Not",
]);

/** Sizes that these compute rest on float arithmetic, which the runtime rounds in its own way. */
const ROUNDED_SIZES: ReadonlySet<string> = new Set(["Resize", "Upsample", "Range"]);

/** Least and greatest value of the integer types that shape arithmetic is done in. */
const INTEGER_RANGE: ReadonlyMap<number, readonly [number, number]> = new Map([
  [DataType.INT64, [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]],
  [DataType.INT32, [-(2 ** 31), 2 ** 31 - 1]],
  [DataType.BOOL, [0, 1]],
]);

/** Computes, node by node, what follows from stored tensors and shapes that hold in every run. */
class ConstantFolder {
  readonly editor: GraphEditor;
  readonly #shapes;
  readonly #opset: number;
  readonly #budget: WorkBudget;
  /** Tensors whose size rests on rounded arithmetic. */
  readonly #rounded = new Set<string>();
  /** The stored tensors that each computed one follows from, a few of them. */
  readonly #computed = new Map<string, readonly string[]>();
  readonly #allowances = new Map<string, number>();

  constructor(proto: ModelWithGraph, opset: number, budget: WorkBudget) {
    this.editor = new GraphEditor(proto);
    const index = indexGraph(withoutClaims(proto.graph));
    this.#shapes = inferShapes(index, opset, new Map(), () => undefined);
    this.#opset = opset;
    this.#budget = budget;
  }

  /** True when the node was folded away. */
  fold(at: number): boolean {
    const node = this.editor.node(at);
    if (node === undefined || node.opType === "Constant") return false;
    const outputs = node.output.filter((name) => name !== "");
    const dims = outputs.map((name) => this.#shapes.shapeOf(name));
    const isSound =
      subgraphsOf(node).length === 0 &&
      outputs.some((name) => this.editor.isRead(name)) &&
      outputs.every(
        (name, i) =>
          dims[i] !== undefined && !this.#shapes.isDoubtful(name) && !this.editor.isReturned(name),
      );
    const folded = isSound && this.#foldSound(node, at, outputs, dims as Shape[]);
    if (!folded && this.#isRounded(node)) for (const name of outputs) this.#rounded.add(name);
    return folded;
  }

  #isRounded(node: NodeProto): boolean {
    const toInteger = node.opType === "Cast" && isIntegerType(intAttribute(node, "to", 0));
    return (
      ROUNDED_SIZES.has(node.opType) ||
      toInteger ||
      node.input.some((name) => this.#rounded.has(name))
    );
  }

  #foldSound(node: NodeProto, at: number, outputs: readonly string[], dims: Shape[]): boolean {
    if (
      node.opType === "Identity" &&
      !this.editor.isFixed(outputs[0]!) &&
      this.editor.constant(node.input[0] ?? "") !== undefined
    ) {
      if (!this.#budget.take(this.editor.renameWork(outputs[0]!))) return false;
      this.editor.rename(outputs[0]!, node.input[0]!);
      this.editor.remove(at);
      return true;
    }
    const tensors = this.#integers(node, outputs, dims) ?? this.#floats(node, at, outputs, dims);
    if (tensors === undefined) return false;
    this.editor.remove(at);
    for (const tensor of tensors) {
      this.editor.store(tensor);
      this.#computed.set(tensor.name, this.#rootsOf(node.input));
    }
    return true;
  }

  /** The shape arithmetic of exporters: small integers. */
  #integers(
    node: NodeProto,
    outputs: readonly string[],
    dims: readonly Shape[],
  ): TensorProto[] | undefined {
    const value = outputs.length === 1 ? this.#shapes.valueOf(outputs[0]!) : undefined;
    if (value?.integer !== true) return undefined;
    const readsShape = SHAPE_READERS.has(node.opType);
    const known = node.input.every((name) =>
      readsShape
        ? !this.#rounded.has(name)
        : name === "" || isIntegerType(this.editor.constant(name)?.tensor.dataType ?? 0),
    );
    const type = this.#integerType(node);
    const [least, greatest] = INTEGER_RANGE.get(type) ?? [1, 0];
    const fits = (x: number) => Number.isInteger(x) && x >= least && x <= greatest;
    if (!known || !value.data.every(fits)) return undefined;
    const width = elementBits(type)! / 8;
    const sources = readsShape ? [] : node.input.filter((name) => name !== "");
    if (!this.#mayGrow(sources, width * value.data.length)) return undefined;
    if (!this.#budget.take(value.data.length)) return undefined;
    const bytes = new Uint8Array(value.data.length * width);
    const view = new DataView(bytes.buffer);
    value.data.forEach((x, i) => {
      if (width === 8) view.setBigInt64(8 * i, BigInt(x), true);
      else if (width === 4) view.setInt32(4 * i, x, true);
      else view.setUint8(i, x);
    });
    return [makeTensor(outputs[0]!, dims[0]!, type, bytes)];
  }

  #integerType(node: NodeProto): number {
    if (SHAPE_READERS.has(node.opType)) return DataType.INT64;
    if (COMPARISONS.has(node.opType)) return DataType.BOOL;
    if (node.opType === "Cast") return intAttribute(node, "to", 0);
    if (node.opType === "ConstantOfShape")
      return node.attribute.find(({ name }) => name === "value")?.t?.dataType ?? DataType.FLOAT;
    const source = node.opType === "Where" ? 1 : 0;
    return this.editor.constant(node.input[source] ?? "")?.tensor.dataType ?? 0;
  }

  /** Weights behind other operators. */
  #floats(
    node: NodeProto,
    at: number,
    outputs: readonly string[],
    dims: readonly Shape[],
  ): TensorProto[] | undefined {
    const rule = CONSTANT_RULES.get(node.opType);
    if (rule === undefined || outputs.length !== node.output.length) return undefined;
    const named = node.input.filter((name) => name !== "");
    const stored = named.map((name) => this.editor.constant(name));
    const type = this.#floatType(node, named);
    if (type === undefined || stored.includes(undefined)) return undefined;
    // A weight that others read too stays one tensor; reading finds it behind the node.
    if (PASSING.has(node.opType) && this.editor.soleReader(named[0]!) !== at) return undefined;
    const count = dims.reduce((sum, shape) => sum + extentProduct(shape), 0);
    const bytes = (count * elementBits(type)!) / 8;
    const read = stored.reduce((sum, constant) => sum + extentProduct(constant!.dims), 0);
    if (!this.#mayGrow(named, bytes) || !this.#budget.take(count + read)) return undefined;
    // A rule walks over extents beside a zero, however large; there is nothing to compute.
    const data =
      count === 0 ? dims.map(() => new Float32Array()) : rule(node, this.#context(node), dims);
    const tensors = data?.map((values, i) => floatTensor(outputs[i]!, dims[i]!, type, values));
    return tensors?.every((tensor) => tensor !== undefined) === true ? tensors : undefined;
  }

  /** True when the file may spend that many bytes on what follows from `sources`. */
  #mayGrow(sources: readonly string[], bytes: number): boolean {
    if (bytes <= LIMITS.foldFreeBytes) return true;
    const own = new Set(sources);
    const spending = [...own, ...this.#rootsOf(sources).filter((name) => !own.has(name))];
    const left = spending.map((name) => this.#allowance(name));
    if (bytes > left.reduce((sum, part) => sum + part, 0)) return false;
    let rest = bytes;
    spending.forEach((name, i) => {
      const spent = Math.min(rest, left[i]!);
      this.#allowances.set(name, left[i]! - spent);
      rest -= spent;
    });
    return true;
  }

  /** What stored tensors follow from: variants of one weight spend what it has left. */
  #rootsOf(names: readonly string[]): string[] {
    const roots = new Set<string>();
    for (const name of names) {
      if (this.editor.constant(name) === undefined) continue;
      for (const root of this.#computed.get(name) ?? [name]) roots.add(root);
      if (roots.size > LIMITS.foldRoots) break;
    }
    return [...roots].slice(0, LIMITS.foldRoots);
  }

  /** Bytes that may still be stored in place of what a tensor holds; a computed one has its own. */
  #allowance(name: string): number {
    const known = this.#allowances.get(name);
    if (known !== undefined) return known;
    const constant = this.editor.constant(name);
    if (constant === undefined) return 0;
    const { tensor, dims } = constant;
    const bytes = (extentProduct(dims) * (elementBits(tensor.dataType) ?? 0)) / 8;
    return this.#computed.has(name) ? bytes : LIMITS.foldGrowth * bytes;
  }

  /** The one float type of a node's operands and its result; undefined for a mixture. */
  #floatType(node: NodeProto, named: readonly string[]) {
    const types = new Set(
      named
        .map((name) => this.editor.constant(name)?.tensor.dataType ?? 0)
        .filter((type) => isFloatType(type)),
    );
    const [type = 0] = types;
    if (types.size !== 1 || !isFoldedFloat(type)) return undefined;
    if (node.opType !== "Cast") return type;
    const to = intAttribute(node, "to", 0);
    return isFoldedFloat(to) ? to : undefined;
  }

  #context(node: NodeProto): ConstantContext {
    const nameOf = (of: NodeProto, position: number) => of.input[position] ?? "";
    return {
      opset: this.#opset,
      shape: (of, position) => this.#shapes.shapeOf(nameOf(of, position)),
      value: (of, position) => this.#shapes.valueOf(nameOf(of, position)),
      floats: (position) => this.editor.floats(nameOf(node, position)),
    };
  }
}

/**
 * Computes what follows from stored tensors: weights behind Reshape, Slice or weight normalization,
 * and the shape arithmetic of exporters where shapes are fixed. Nothing that rests on an unknown
 * extent is folded, and nothing that would make the file much larger.
 * @param folded hears of the operator of every node that was folded
 */
export function foldConstants(
  proto: ModelWithGraph,
  opset: number,
  budget: WorkBudget,
  folded: (operator: string) => void,
): ModelWithGraph {
  const folder = new ConstantFolder(proto, opset, budget);
  for (const at of folder.editor.order) {
    const operator = proto.graph.node[at]!.opType;
    if (folder.fold(at)) folded(operator);
  }
  return folder.editor.finish();
}
