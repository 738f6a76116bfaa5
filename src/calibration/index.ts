export { addCalibrationMethod } from "./add-calibration-method.js";
export { type CalibrateOptions, calibrate } from "./calibrate.js";
export { calibrateAndQuantize, type Quantized } from "./calibrate-and-quantize.js";
export { createObserver, type ObserverOptions } from "./create-observer.js";
export { CalibrationMethod } from "./method.js";
export {
  CALIBRATION_CODES,
  type CalibrationMethodDefinition,
  type CalibrationMethodName,
  type ChosenRange,
} from "./method-definition.js";
export {
  calibrationMethodOf,
  calibrationMethods,
  isBuiltInMethod,
  isCalibrationMethod,
  type RegisteredMethod,
} from "./method-registry.js";
export type { RangeObserver, RangeRequest } from "./observer.js";
export type {
  RangeFormat,
  RangeSource,
  RangeTarget,
  SignedHistogram,
} from "./sources/range-source.js";
export type { StreamObserver, StreamObserverOptions } from "./stream-observer.js";
export {
  type StatisticsOptions,
  type TensorStatistics,
  tensorStatistics,
} from "./tensor-statistics.js";
