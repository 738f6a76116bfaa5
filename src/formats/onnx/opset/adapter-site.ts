import { create } from "@bufbuild/protobuf";
import { quoteName } from "../../../check/quote-name.js";
import { UnsupportedError } from "../../../errors.js";
import { findAttribute } from "../graph/node-attributes.js";
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataType as DataType,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
} from "../wire/onnx_pb.js";
import type { ModelNames } from "./model-names.js";
import type { ValueFacts } from "./value-facts.js";

/**
 * Rewrites the node of a site, in place, so that it means in opset `site.opset` what it meant in
 * the one before; nodes that must come first are added with {@link AdapterSite.emit}.
 */
export type Adapter = (site: AdapterSite) => void;

/** An integer or string attribute. */
export function attributeOf(name: string, value: number | string): AttributeProto {
  return typeof value === "number"
    ? create(AttributeProtoSchema, { name, type: AttributeType.INT, i: BigInt(value) })
    : create(AttributeProtoSchema, {
        name,
        type: AttributeType.STRING,
        s: new TextEncoder().encode(value),
      });
}

/** One node on its way from one opset to the next, with what an adapter may ask and do. */
export class AdapterSite {
  /** Nodes to be placed before the node. */
  readonly before: NodeProto[] = [];

  constructor(
    /** The node, already a private copy. */
    readonly node: NodeProto,
    /** The opset that is being entered. */
    readonly opset: number,
    /** The opset that the whole raise goes to. */
    readonly target: number,
    readonly facts: ValueFacts,
    readonly names: ModelNames,
  ) {}

  /** @throws UnsupportedError that names the node, its operator and the version step */
  refuse(reason: string): never {
    const { name, opType, output } = this.node;
    const label = name === "" ? `with output ${quoteName(output[0] ?? "")}` : quoteName(name);
    const message =
      `${opType} node ${label} cannot be raised from opset ${this.opset - 1} to ${this.opset}: ` +
      `${reason}`;
    throw new UnsupportedError(name === "" ? (output[0] ?? "") : name, message);
  }

  #attribute(name: string): AttributeProto | undefined {
    const attribute = findAttribute(this.node, name);
    if (attribute !== undefined && attribute.refAttrName !== "")
      this.refuse(`its attribute ${name} is a parameter of the function around it`);
    return attribute;
  }

  #take(name: string): AttributeProto | undefined {
    const attribute = this.#attribute(name);
    this.node.attribute = this.node.attribute.filter((one) => one !== attribute);
    return attribute;
  }

  /** An integer attribute, or undefined when absent. */
  int(name: string): number | undefined {
    const attribute = this.#attribute(name);
    return attribute === undefined ? undefined : Number(attribute.i);
  }

  /** An integer list attribute, or undefined when absent. */
  ints(name: string): number[] | undefined {
    return this.#attribute(name)?.ints.map(Number);
  }

  /** A string attribute, or undefined when absent. */
  string(name: string): string | undefined {
    const attribute = this.#attribute(name);
    return attribute === undefined ? undefined : new TextDecoder().decode(attribute.s);
  }

  /** Removes an integer attribute and returns its value. */
  takeInt(name: string): bigint | undefined {
    return this.#take(name)?.i;
  }

  /** Removes an integer list attribute and returns its values. */
  takeInts(name: string): readonly bigint[] | undefined {
    return this.#take(name)?.ints;
  }

  /** Removes a float attribute and returns its value. */
  takeFloat(name: string): number | undefined {
    return this.#take(name)?.f;
  }

  /** Removes a float list attribute and returns its values. */
  takeFloats(name: string): readonly number[] | undefined {
    return this.#take(name)?.floats;
  }

  /** Sets an attribute, in place of the one of that name if there is one. */
  set(name: string, value: number | string): void {
    this.#take(name);
    this.node.attribute = [...this.node.attribute, attributeOf(name, value)];
  }

  /** Sets the node's inputs, without the empty names that trail. */
  setInputs(inputs: readonly string[]): void {
    const last = inputs.findLastIndex((name) => name !== "");
    this.node.input = inputs.slice(0, last + 1);
  }

  /** Element type of the node's first input. @throws UnsupportedError when it cannot be told */
  requireElementType(): number {
    const name = this.node.input[0] ?? "";
    const type = this.facts.elementType(name);
    if (type === undefined)
      this.refuse(
        `the element type of its input ${quoteName(name)} is not known; run ONNX shape ` +
          "inference first",
      );
    return type;
  }

  /** Adds a node before this one. @returns the name of its one output */
  emit(
    opType: string,
    inputs: readonly string[],
    attribute: readonly AttributeProto[] = [],
    role = opType,
  ): string {
    const stem = this.node.name || this.node.output.find((name) => name !== "") || this.node.opType;
    const name = this.names.fresh(`${stem}/${role}_opset${this.opset}`);
    const added = create(NodeProtoSchema, {
      opType,
      name,
      input: [...inputs],
      output: [name],
      attribute: [...attribute],
    });
    this.before.push(added);
    this.facts.addNode(added);
    return name;
  }

  #constant(role: string, t: TensorProto): string {
    const attribute = create(AttributeProtoSchema, {
      name: "value",
      type: AttributeType.TENSOR,
      t,
    });
    return this.emit("Constant", [], [attribute], role);
  }

  /** A constant int64 list (or scalar). @returns its name */
  constantInts(role: string, values: readonly bigint[], shape: "list" | "scalar" = "list"): string {
    const dims = shape === "scalar" ? [] : [BigInt(values.length)];
    return this.#constant(
      role,
      create(TensorProtoSchema, { dims, dataType: DataType.INT64, int64Data: [...values] }),
    );
  }

  /** A constant float32 list. @returns its name */
  constantFloats(role: string, values: readonly number[]): string {
    return this.#constant(
      role,
      create(TensorProtoSchema, {
        dims: [BigInt(values.length)],
        dataType: DataType.FLOAT,
        floatData: [...values],
      }),
    );
  }

  /**
   * A constant scalar that was a float attribute, in the element type that the operator now asks
   * for. @returns its name
   */
  constantScalar(role: string, value: number, elementType: number = DataType.FLOAT): string {
    const tensor = create(TensorProtoSchema, {
      dims: [],
      dataType: DataType.FLOAT,
      floatData: [value],
    });
    const name = this.#constant(role, tensor);
    if (elementType === DataType.FLOAT) return name;
    return this.emit("Cast", [name], [attributeOf("to", elementType)], `${role}_cast`);
  }
}
