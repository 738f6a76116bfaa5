import type { CalibrationMethod } from "./method.js";
import type { RangeSource, RangeTarget } from "./sources/range-source.js";
import type { StreamObserver, StreamObserverOptions } from "./stream-observer.js";

/** How many codes there are for calibration methods: {@link CalibrationMethodDefinition.code}. */
export const CALIBRATION_CODES = 256;

/**
 * The name of a calibration method: one of the built-in ones, or of one that `addCalibrationMethod`
 * was given.
 */
export type CalibrationMethodName = CalibrationMethod | (string & {});

/** The real numbers that the codes of a format will span, ends included. */
export interface ChosenRange {
  readonly low: number;
  readonly high: number;
}

/**
 * A calibration method: how the range of a tensor, a channel, a group or a stream is chosen. The
 * built-in ones are of this type, and so is yours.
 */
export interface CalibrationMethodDefinition {
  /**
   * What `calibrationMethod` of a layer holds and documents store: 1 to 64 lower-case letters,
   * digits and hyphens, a letter first.
   */
  readonly name: string;
  /**
   * What the keys of genomes are made of: unique, and the same from run to run. 0 to 15 for
   * built-in methods, 16 to 255 for yours.
   */
  readonly code: number;
  /**
   * For power-of-two formats, an integer from 0 to 252. The range gives the least exponent whose
   * codes cover it. A search for the least squared error tries that one, the one above, and so many
   * below. 3 serves methods that clip outliers themselves, 10 a method that leaves clipping to this
   * search.
   */
  readonly reach: number;
  /**
   * Chooses the range for the data of `source`, which hold one value or more. Neither end is
   * farther from 0 than the farthest value is. The same data and target give the same range.
   */
  range(source: RangeSource, target: RangeTarget): ChosenRange;
  /**
   * Starts to watch a stream for this method. Default: a histogram in bounded memory, which all
   * built-in methods share. Give your own when `range` asks for what a histogram cannot tell.
   */
  observer?(options: StreamObserverOptions): StreamObserver;
}
