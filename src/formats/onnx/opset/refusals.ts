import { TensorProto_DataType as DataType } from "../wire/onnx_pb.js";
import type { AdapterSite } from "./adapter-site.js";

/** Scan at 9 lost its batch axis and sequence lengths; the body would have to be rewritten. */
export function scanHasNoBatch(site: AdapterSite): void {
  site.refuse(
    "Scan of opset 8 runs over a batch axis, which later ones do not have; export at opset 9 " +
      "or later",
  );
}

/**
 * Cast and CastLike at 24: infinity became the largest number, not NaN, in the FNUZ float8 types.
 */
export function castToFnuz(site: AdapterSite): void {
  const type =
    site.node.opType === "Cast" ? site.int("to") : site.facts.elementType(site.node.input[1] ?? "");
  const isFnuz = type === DataType.FLOAT8E4M3FNUZ || type === DataType.FLOAT8E5M2FNUZ;
  if (isFnuz && (site.int("saturate") ?? 1) !== 0)
    site.refuse(
      "opset 24 casts infinity to float8 FNUZ types as the largest number, earlier ones as NaN",
    );
}
