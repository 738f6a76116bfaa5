import type { AdapterSite } from "./adapter-site.js";

/**
 * Squeeze and Unsqueeze at 13, ReduceSum at 13, the other Reduce operators at 18: the attribute
 * `axes` becomes the second input. An absent or empty list means "all" on both sides.
 */
export function axesToInput(site: AdapterSite): void {
  const axes = site.takeInts("axes");
  if (axes === undefined || axes.length === 0) return;
  site.setInputs([site.node.input[0] ?? "", site.constantInts("axes", axes)]);
}

/** Split at 13: the attribute `split` becomes the second input. */
export function splitSizesToInput(site: AdapterSite): void {
  const sizes = site.takeInts("split");
  if (sizes === undefined || sizes.length === 0) return;
  site.setInputs([site.node.input[0] ?? "", site.constantInts("split", sizes)]);
}

/** Split at 18: the number of outputs is told by an attribute when there are no sizes. */
export function splitCountsOutputs(site: AdapterSite): void {
  if ((site.node.input[1] ?? "") === "") site.set("num_outputs", site.node.output.length);
}
