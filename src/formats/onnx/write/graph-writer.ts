import { makeNode } from "../graph/make-node.js";
import { makeTensor } from "../graph/make-tensor.js";
import type { ModelNames } from "../opset/model-names.js";
import {
  TensorProto_DataType as DataType,
  type NodeProto,
  type TensorProto,
} from "../wire/onnx_pb.js";

/** What a rewrite adds to a graph. */
export interface GraphPart {
  readonly initializers: readonly TensorProto[];
  readonly nodes: readonly NodeProto[];
}

/** Gathers the nodes and tensors that take the place of one tensor. */
export class GraphWriter implements GraphPart {
  readonly initializers: TensorProto[] = [];
  readonly nodes: NodeProto[] = [];

  /** @param base how new names begin */
  constructor(
    readonly base: string,
    readonly names: ModelNames,
  ) {}

  /** Adds a tensor, made under a fresh name; returns the name. */
  store(suffix: string, make: (name: string) => TensorProto): string {
    const tensor = make(this.names.fresh(`${this.base}_${suffix}`));
    this.initializers.push(tensor);
    return tensor.name;
  }

  /** Adds a list of int64, as shapes and axes are given; returns its name. */
  integers(suffix: string, values: readonly number[]): string {
    const view = new DataView(new ArrayBuffer(8 * values.length));
    values.forEach((value, i) => {
      view.setBigInt64(8 * i, BigInt(value), true);
    });
    const bytes = new Uint8Array(view.buffer);
    return this.store(suffix, (name) => makeTensor(name, [values.length], DataType.INT64, bytes));
  }

  /**
   * Adds a node of one output.
   * @param output default: a fresh name
   * @returns the output's name
   */
  emit(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, number | readonly number[]>> = {},
    output: string = this.names.fresh(`${this.base}_${opType}_output`),
  ): string {
    const name = this.names.fresh(`${this.base}_${opType}`);
    this.nodes.push(makeNode(opType, name, inputs, [output], attributes));
    return output;
  }
}
