export { type CalibrateOptions, calibrate } from "./calibrate.js";
export { calibrateAndQuantize, type Quantized } from "./calibrate-and-quantize.js";
export { createObserver, type ObserverOptions } from "./create-observer.js";
export { CalibrationMethod } from "./method.js";
export type { RangeObserver, RangeRequest } from "./observer.js";
export {
  type StatisticsOptions,
  type TensorStatistics,
  tensorStatistics,
} from "./tensor-statistics.js";
