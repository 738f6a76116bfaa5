export { type CalibrateOptions, calibrate } from "./calibrate.js";
export { createObserver, type ObserverOptions } from "./create-observer.js";
export { CalibrationMethod } from "./method.js";
export type { RangeObserver, RangeRequest } from "./observer.js";
