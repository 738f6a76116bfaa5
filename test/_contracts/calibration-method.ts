import type { CalibrationMethodDefinition } from "../../src/calibration/index.js";
import { calibrationMethodContract } from "../../src/testing/index.js";
import { describeContract } from "./describe-contract.js";

/** What every calibration method keeps, built-in or not. */
export function describeCalibrationMethod(method: CalibrationMethodDefinition): void {
  describeContract(`${method.name} is a calibration method`, calibrationMethodContract(method));
}
