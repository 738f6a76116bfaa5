import { WideningHistogram } from "../../numeric/widening-histogram.js";
import type { StreamObserver, StreamObserverOptions } from "../stream-observer.js";
import { HistogramSource } from "./histogram-source.js";

/**
 * Watches a stream with a histogram of fixed size, exact extremes and an exact count of zeros. Its
 * `observe` throws InvalidDataError for NaN or infinity, with nothing counted.
 */
export function histogramObserver({ bins, name }: StreamObserverOptions): StreamObserver {
  const histogram = new WideningHistogram(bins);
  return {
    observe: (values) => histogram.add(values, name),
    source: () => new HistogramSource(histogram),
  };
}
