import { CalibrationMethod } from "../method.js";
import type { CalibrationMethodDefinition } from "../method-definition.js";

/** The whole range of the data: nothing is clipped. */
export const minMaxMethod: CalibrationMethodDefinition = {
  name: CalibrationMethod.MIN_MAX,
  code: 0,
  reach: 3,
  range: ({ min, max }) => ({ low: min, high: max }),
};
