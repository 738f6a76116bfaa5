import { quoteName } from "../../../check/quote-name.js";
import type { ValueInfoProto } from "../wire/onnx_pb.js";
import type { Shape } from "./shape-context.js";

/**
 * The dimensions a file declares for a tensor: a number, a symbol, or nothing; undefined without a
 * shape.
 */
export function declaredDims(
  info: ValueInfoProto,
): readonly (number | string | undefined)[] | undefined {
  const type = info.type?.value;
  if (type?.case !== "tensorType") return undefined;
  return type.value.shape?.dim.map(({ value }) => {
    if (value.case === "dimValue") return value.value >= 0n ? Number(value.value) : undefined;
    return value.case === "dimParam" && value.value !== "" ? value.value : undefined;
  });
}

/**
 * A declared shape with every extent filled in: a symbol by `dimensions`; else the first extent is
 * the batch, 1; else 1, and `doubt` hears of it.
 */
export function declaredShape(
  info: ValueInfoProto,
  dimensions: ReadonlyMap<string, number>,
  doubt: (text: string, subject?: string) => void,
): Shape | undefined {
  return declaredDims(info)?.map((extent, axis) => {
    if (typeof extent === "number") return extent;
    const given = extent === undefined ? undefined : dimensions.get(extent);
    if (given !== undefined) return given;
    if (axis > 0) {
      const symbol = extent === undefined ? "an unknown size" : `symbol ${quoteName(extent)}`;
      const advice =
        extent === undefined
          ? "; give a batch in the option sample"
          : "; give a batch in the option sample, or its size in dimensions";
      const where = `dimension ${axis} of ${quoteName(info.name)}`;
      doubt(`${symbol} is taken as 1${advice}`, where);
    }
    return 1;
  });
}
