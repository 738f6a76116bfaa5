import type { RangeMethod } from "../sources/range-source.js";

/** The whole range of the data. */
export const minMaxRange: RangeMethod = (source) => ({ low: source.min, high: source.max });
