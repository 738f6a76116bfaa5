import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import type { AdapterSite } from "./adapter-site.js";

const FLOAT32_MAX = 3.4028234663852886e38;

/** Clip at 11: `min` and `max` become inputs, in the element type of the data. */
export function clipBoundsToInputs(site: AdapterSite): void {
  const min = site.takeFloat("min");
  const max = site.takeFloat("max");
  const data = site.node.input[0] ?? "";
  const isDouble = site.facts.elementType(data) === DataType.DOUBLE;
  // An absent bound was that of float32 and is now that of the data's own type: different for
  // double alone.
  if (min === undefined && max === undefined && !isDouble) return;
  const type = site.requireElementType();
  const bound = (role: string, given: number | undefined, widest: number) => {
    const value = given ?? (isDouble ? widest : undefined);
    return value === undefined ? "" : site.constantScalar(role, value, type);
  };
  site.setInputs([data, bound("min", min, -FLOAT32_MAX), bound("max", max, FLOAT32_MAX)]);
}

/**
 * Refuses a Dropout whose mask is read (its contents at inference were unspecified before 12), else
 * drops the output.
 */
function dropMask(site: AdapterSite): void {
  const mask = site.node.output[1] ?? "";
  if (mask !== "" && site.names.isRead(mask))
    site.refuse(`its mask output ${JSON.stringify(mask)} is used, and changes type or meaning`);
  site.node.output = site.node.output.slice(0, 1);
}

/** Dropout at 10: the mask becomes bool. */
export const dropoutMaskToBool = dropMask;

/**
 * Dropout at 12: `ratio` becomes an input. Without the new input `training_mode` it still copies
 * its input.
 */
export function dropoutRatioToInput(site: AdapterSite): void {
  dropMask(site);
  const ratio = site.takeFloat("ratio");
  if (ratio !== undefined)
    site.setInputs([site.node.input[0] ?? "", site.constantScalar("ratio", ratio)]);
}

/** Pad at 11: `pads` and `value` become inputs. */
export function padsToInputs(site: AdapterSite): void {
  const pads = site.takeInts("pads");
  if (pads === undefined) site.refuse("its required attribute pads is missing");
  const value = site.takeFloat("value") ?? 0;
  const isConstantMode = (site.string("mode") ?? "constant") === "constant";
  site.setInputs([
    site.node.input[0] ?? "",
    site.constantInts("pads", pads),
    isConstantMode && value !== 0
      ? site.constantScalar("value", value, site.requireElementType())
      : "",
  ]);
}

/** Slice at 10: `starts`, `ends` and `axes` become inputs. */
export function sliceBoundsToInputs(site: AdapterSite): void {
  const starts = site.takeInts("starts");
  const ends = site.takeInts("ends");
  if (starts === undefined || ends === undefined)
    site.refuse("its attributes starts and ends are missing");
  // Absent axes were the first ones; since 10 they are all, so the list is written out.
  const axes = site.takeInts("axes") ?? starts.map((_, i) => BigInt(i));
  site.setInputs([
    site.node.input[0] ?? "",
    site.constantInts("starts", starts),
    site.constantInts("ends", ends),
    site.constantInts("axes", axes),
  ]);
}

/** TopK at 10: `k` becomes an input. */
export function topKCountToInput(site: AdapterSite): void {
  const k = site.takeInt("k");
  if (k === undefined) site.refuse("its required attribute k is missing");
  site.setInputs([site.node.input[0] ?? "", site.constantInts("k", [k])]);
}

/** DFT at 20: `axis` becomes an input and its default moves from 1 to -2. */
export function dftAxisToInput(site: AdapterSite): void {
  const axis = site.takeInt("axis") ?? 1n;
  const [data = "", length = ""] = site.node.input;
  site.setInputs([data, length, site.constantInts("axis", [axis], "scalar")]);
}
