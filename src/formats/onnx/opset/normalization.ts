import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import { type AdapterSite, attributeOf } from "./adapter-site.js";

/** Refuses a BatchNormalization in training form, which more than one output tells before 14. */
function requireInference(site: AdapterSite): void {
  if (site.node.output.slice(1).some((name) => name !== ""))
    site.refuse("it has training outputs; export the model for inference");
  site.node.output = site.node.output.slice(0, 1);
}

/**
 * BatchNormalization at 9: `spatial` went. With spatial 0 the statistics have one entry per element
 * of a sample, so it is written out as arithmetic that broadcasts over the batch.
 */
export function batchNormalizationSpatial(site: AdapterSite): void {
  requireInference(site);
  const spatial = site.takeInt("spatial") ?? 1n;
  if (spatial !== 0n) return;
  const epsilon = site.takeFloat("epsilon") ?? 1e-5;
  site.takeFloat("momentum");
  const [x = "", scale = "", bias = "", mean = "", variance = ""] = site.node.input;
  const epsilonScalar = site.constantScalar("epsilon", epsilon, site.requireElementType());
  const deviation = site.emit("Sqrt", [site.emit("Add", [variance, epsilonScalar])]);
  const normalized = site.emit("Div", [site.emit("Sub", [x, mean]), deviation]);
  site.node.opType = "Add";
  site.setInputs([site.emit("Mul", [normalized, scale]), bias]);
}

/** BatchNormalization at 14: inference is the default and has one output. */
export const batchNormalizationInference = requireInference;

/**
 * GroupNormalization at 21: scale and bias have one entry per channel where they had one per group,
 * so each entry is repeated; the normalization stays in the type of the data, as it was computed
 * before.
 */
export function groupNormalizationPerChannel(site: AdapterSite): void {
  const groups = site.int("num_groups");
  if (groups === undefined) site.refuse("its required attribute num_groups is missing");
  const type = site.requireElementType();
  const [x = "", scale = "", bias = ""] = site.node.input;
  const channels = site.emit("Shape", [x], [attributeOf("start", 1), attributeOf("end", 2)]);
  const perGroup = site.emit("Div", [channels, site.constantInts("num_groups", [BigInt(groups)])]);
  const shape = site.emit(
    "Concat",
    [site.constantInts("groups", [BigInt(groups)]), perGroup],
    [attributeOf("axis", 0)],
  );
  const column = site.constantInts("axis", [1n]);
  const flat = site.constantInts("flat", [-1n]);
  const repeat = (value: string) =>
    site.emit("Reshape", [
      site.emit("Expand", [site.emit("Unsqueeze", [value, column]), shape]),
      flat,
    ]);
  site.setInputs([x, repeat(scale), repeat(bias)]);
  if (type !== DataType.FLOAT) site.set("stash_type", type);
}
