import { didYouMean } from "../../../check/did-you-mean.js";
import { quoteName } from "../../../check/quote-name.js";
import { InvalidArgumentError } from "../../../errors.js";
import type { GraphProto } from "../wire/onnx_pb.js";
import { declaredDims } from "./declared-shape.js";

/** Names in a message; a file may have thousands. */
const SHOWN = 20;

/**
 * Checks that each size is of a dimension that the file names, in an input, an output or a value
 * between.
 * @throws InvalidArgumentError naming the first that is not
 */
export function checkDimensionNames(
  graph: GraphProto,
  dimensions: ReadonlyMap<string, number>,
): void {
  if (dimensions.size === 0) return;
  // Those of the inputs first, as they are the ones to give.
  const infos = [...graph.input, ...graph.output, ...graph.valueInfo];
  const names = new Set(
    infos.flatMap((info) =>
      (declaredDims(info) ?? []).filter((extent) => typeof extent === "string"),
    ),
  );
  for (const name of dimensions.keys()) {
    if (names.has(name)) continue;
    const shown = [...names].slice(0, SHOWN).map(quoteName);
    const more = names.size > SHOWN ? ` and ${names.size - SHOWN} more` : "";
    const allowed =
      names.size > 0 ? `${shown.join(", ")}${more}` : "none, as the file names no dimension";
    const message =
      `dimensions.${name}: the model has no dimension ${quoteName(name)}` +
      `${didYouMean(name, names)}; allowed: ${allowed}`;
    throw new InvalidArgumentError(`dimensions.${name}`, message);
  }
}
