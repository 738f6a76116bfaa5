import type { CalibrationMethodDefinition } from "../method-definition.js";
import { entropyMethod } from "./entropy.js";
import { minMaxMethod } from "./min-max.js";
import { mseMethod } from "./mse.js";
import { percentileMethod } from "./percentile.js";

/** The built-in calibration methods, by code. A new one is a file beside this and a line here. */
export const BUILT_IN_METHODS: readonly CalibrationMethodDefinition[] = [
  minMaxMethod,
  percentileMethod,
  mseMethod,
  entropyMethod,
];
