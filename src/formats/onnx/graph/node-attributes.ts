import type { AttributeProto, NodeProto, TensorProto } from "../wire/onnx_pb.js";

/** The attribute of that name, or undefined. */
export function findAttribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((attribute) => attribute.name === name);
}

/** An integer attribute, or the operator's default. */
export function intAttribute<T extends number | undefined>(
  node: NodeProto,
  name: string,
  fallback: T,
): number | T {
  const attribute = findAttribute(node, name);
  return attribute === undefined ? fallback : Number(attribute.i);
}

/** A float attribute, or the operator's default. */
export function floatAttribute(node: NodeProto, name: string, fallback: number): number {
  return findAttribute(node, name)?.f ?? fallback;
}

/** An integer list attribute; undefined when absent. */
export function intsAttribute(node: NodeProto, name: string): number[] | undefined {
  return findAttribute(node, name)?.ints.map(Number);
}

/** A float list attribute; undefined when absent. */
export function floatsAttribute(node: NodeProto, name: string): number[] | undefined {
  return findAttribute(node, name)?.floats;
}

/** A string attribute, or the operator's default. */
export function stringAttribute(node: NodeProto, name: string, fallback: string): string {
  const attribute = findAttribute(node, name);
  return attribute === undefined ? fallback : new TextDecoder().decode(attribute.s);
}

/** A tensor attribute; undefined when absent. */
export function tensorAttribute(node: NodeProto, name: string): TensorProto | undefined {
  return findAttribute(node, name)?.t;
}

/** The domain of the operators that ONNX Runtime adds. */
export const MICROSOFT = "com.microsoft";

/**
 * The domain of operators on blocks of channels, as ONNX Runtime's optimizer writes them for one
 * processor at its highest level.
 */
export const BLOCKED_CHANNELS = "com.microsoft.nchwc";

/** True for operators that ONNX Runtime adds, which its optimizer writes. */
export function isMicrosoftDomain(domain: string): boolean {
  return domain === MICROSOFT;
}

/** True for operators of the ONNX standard set, whose meaning is known by name. */
export function isStandardDomain(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}
