import { readFloatTensor } from "../graph/tensor-values.js";
import type { AdapterSite } from "./adapter-site.js";

/** Upsample at 9: `scales` becomes an input. */
export function upsampleScalesToInput(site: AdapterSite): void {
  const scales = site.takeFloats("scales");
  if (scales === undefined) site.refuse("its required attribute scales is missing");
  site.setInputs([site.node.input[0] ?? "", site.constantFloats("scales", scales)]);
}

/**
 * The Resize-11 form of what Upsample and Resize-10 compute: coordinates divided by the scale, no
 * shift.
 */
function toResize11(site: AdapterSite, nearestMode: "floor" | "ceil"): void {
  const [data = "", scales = ""] = site.node.input;
  site.node.opType = "Resize";
  site.setInputs([data, site.constantFloats("roi", []), scales]);
  site.set("coordinate_transformation_mode", "asymmetric");
  if ((site.string("mode") ?? "nearest") === "nearest") site.set("nearest_mode", nearestMode);
}

/**
 * Resize at 11. Nearest in opset 10 takes the pixel at or below when it enlarges, and the one at or
 * above when it shrinks, so the scales must be known. So say ONNX's own test vectors of that opset,
 * and ONNX Runtime.
 */
export function resizeFrom10(site: AdapterSite): void {
  if ((site.string("mode") ?? "nearest") !== "nearest") {
    toResize11(site, "floor");
    return;
  }
  const tensor = site.facts.constant(site.node.input[1] ?? "");
  if (tensor === undefined)
    site.refuse(
      "its scales are computed, and which pixel is nearest depends on whether they shrink",
    );
  const scales = readFloatTensor(tensor, site.node.input[1]);
  const shrinks = scales.some((scale) => scale < 1);
  if (shrinks && scales.some((scale) => scale > 1))
    site.refuse(
      "it enlarges one axis and shrinks another, which takes two rules for the nearest pixel",
    );
  toResize11(site, shrinks ? "ceil" : "floor");
}

/**
 * Upsample at 10, where it gives way to Resize. On the way to a higher opset that waits for the
 * step to 11.
 */
export function upsampleToResize10(site: AdapterSite): void {
  if (site.target === 10) site.node.opType = "Resize";
}

/** Upsample at 11: its scales are at least 1 by its definition. */
export function upsampleFrom9(site: AdapterSite): void {
  toResize11(site, "floor");
}

/** Resize at 13: `scales` may no longer stand beside `sizes`, and one coordinate mode went. */
export function resizeFrom11(site: AdapterSite): void {
  if (site.string("coordinate_transformation_mode") === "tf_half_pixel_for_nn")
    site.refuse("opset 13 has no coordinate_transformation_mode tf_half_pixel_for_nn");
  const [data = "", roi = "", scales = "", sizes = ""] = site.node.input;
  site.setInputs([data, roi, sizes === "" ? scales : "", sizes]);
}

/** GridSample at 20: bilinear and bicubic are called linear and cubic. */
export function gridSampleModeNames(site: AdapterSite): void {
  const mode = site.string("mode") ?? "bilinear";
  site.set("mode", mode === "bilinear" ? "linear" : mode === "bicubic" ? "cubic" : mode);
}

/** RoiAlign at 16: the default starts to shift coordinates by half a pixel. */
export function roiAlignKeepsCoordinates(site: AdapterSite): void {
  if (site.string("coordinate_transformation_mode") === undefined)
    site.set("coordinate_transformation_mode", "output_half_pixel");
}
