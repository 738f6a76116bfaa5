import type { QuantizationScheme } from "../../quantization/scheme.js";

/**
 * The integer format that a range is chosen for, with its code range and the percentile to clip at.
 */
export interface RangeTarget {
  readonly bits: number;
  readonly signed: boolean;
  readonly scheme: QuantizationScheme;
  readonly qMin: number;
  readonly qMax: number;
  /** 50 (exclusive) to 100. */
  readonly percentile: number;
}

/** Counts of values other than 0, in bins of one width; `zeroBin` is the edge at 0. */
export interface SignedHistogram {
  /** Bin k holds values from (k - zeroBin) * width to (k + 1 - zeroBin) * width. */
  readonly counts: Float64Array;
  readonly zeroBin: number;
  readonly width: number;
}

/** A scale with its zero point. */
export interface RangeFormat {
  readonly scale: number;
  readonly zeroPoint: number;
}

/**
 * What a calibration method can ask of the data, be it a whole slice or a histogram of a stream.
 * Never empty.
 */
export interface RangeSource {
  readonly min: number;
  readonly max: number;
  /**
   * How far {@link squaredError} may be off about a scale, as a share of itself, 0 to 1: gains
   * below it tell nothing. Default 0.
   */
  uncertainty?(scale: number): number;
  /** Sum of squared errors of the quantizer with this scale and zero point. */
  squaredError(scale: number, zeroPoint: number, qMin: number, qMax: number): number;
  /**
   * {@link squaredError} of several formats at once, for a search of the least. Where the error of
   * a format is above `bound`, or above that of another format, any number above it will do.
   */
  squaredErrors(
    formats: readonly RangeFormat[],
    qMin: number,
    qMax: number,
    bound: number,
  ): Float64Array;
  /** The given percentile (0..100) of the values, or of their magnitudes. */
  percentile(percentile: number, ofMagnitude: boolean): number;
  /**
   * A histogram of the values other than 0 (they are exact in any format), folded to magnitudes on
   * request. Valid until it is asked for again.
   */
  histogram(ofMagnitude: boolean): SignedHistogram;
}
