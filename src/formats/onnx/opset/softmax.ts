import { type AdapterSite, attributeOf } from "./adapter-site.js";

/**
 * Softmax, LogSoftmax and Hardmax at 13. Before, they worked on the data flattened to a matrix at
 * `axis` (default 1); since, along the one axis (default the last). The two agree on the last axis;
 * elsewhere the flattening is written out.
 */
export function softmaxFlattens(site: AdapterSite): void {
  const axis = site.int("axis") ?? 1;
  const [x = ""] = site.node.input;
  const rank = site.facts.rank(x);
  if (axis === -1 || (rank !== undefined && rank > 0 && axis === rank - 1)) {
    site.set("axis", -1);
    return;
  }
  const matrix = site.emit("Flatten", [x], [attributeOf("axis", axis)]);
  const result = site.emit(site.node.opType, [matrix], [attributeOf("axis", -1)]);
  const shape = site.emit("Shape", [x]);
  site.node.opType = "Reshape";
  site.node.attribute = [];
  site.setInputs([result, shape]);
}
