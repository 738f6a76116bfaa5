import { quoteName } from "../../../check/quote-name.js";
import { escapeControls } from "../../../errors.js";
import type { NodeProto } from "../wire/onnx_pb.js";

/** Where nodes of graphs that were rearranged for reading stand in the file. */
const places = new WeakMap<NodeProto, string>();

/** Keeps how a node of a rearranged graph is called in messages. */
export function rememberPlace(node: NodeProto, text: string): void {
  places.set(node, text);
}

/** A name for messages: the node's own, or its place. */
export function describeNode(node: NodeProto, index: number): string {
  const operator = escapeControls(node.opType.slice(0, 120));
  return (
    places.get(node) ??
    (node.name === "" ? `${operator} node ${index}` : `${operator} ${quoteName(node.name)}`)
  );
}
