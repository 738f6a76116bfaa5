import { isStandardDomain, MICROSOFT } from "../graph/node-attributes.js";
import { subgraphsOf } from "../graph/outer-names.js";
import type { GraphProto, NodeProto } from "../wire/onnx_pb.js";

/**
 * Takes away what exporters write for people that debug: descriptions and stack traces of nodes,
 * which may be a fifth of a file, and declared shapes that a runtime infers, in bodies too. The
 * nodes are changed in place.
 */
export function stripTexts(nodes: readonly NodeProto[]): void {
  for (const node of nodes) {
    dropDescription(node);
    node.metadataProps = [];
    node.attribute.forEach(dropDescription);
    for (const body of subgraphsOf(node)) {
      dropDescription(body);
      body.metadataProps = [];
      body.valueInfo = neededShapes(body);
      stripTexts(body.node);
    }
  }
}

/** A field that is there, empty as it may be, is written. */
function dropDescription(message: { docString?: string }): void {
  if (Object.hasOwn(message, "docString")) delete message.docString;
}

/**
 * The shapes of values between nodes that a runtime may not know otherwise: those that operators of
 * other domains make. It infers the others, which may be a tenth of a file.
 */
export function neededShapes({
  node,
  valueInfo,
}: Pick<GraphProto, "node" | "valueInfo">): GraphProto["valueInfo"] {
  const custom = node.filter(({ domain }) => !isStandardDomain(domain) && domain !== MICROSOFT);
  const names = new Set(custom.flatMap(({ output }) => output));
  return valueInfo.filter(({ name }) => names.has(name));
}
