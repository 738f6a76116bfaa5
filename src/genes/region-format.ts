import type { GeneKind } from "./gene-kind.js";

/** Name of {@link regionFormat}. */
export const REGION_FORMAT = "regionFormat";

/**
 * Whether the operators between some layers compute on codes or in float: as the runtime's
 * placement profile says ("auto", the default), or the other way. A model that lists no regions has
 * no such gene; a region has one at most.
 */
export const regionFormat: GeneKind = {
  name: REGION_FORMAT,
  default: "auto",
  ordered: false,
  share: 1,
  places: ({ regions = [] }) =>
    regions.map(({ name, layers, automatic }) => ({
      owner: name,
      layers,
      choices: ["auto", automatic === "integer" ? "float" : "integer"],
    })),
};
