import { WideningHistogram } from "../../numeric/widening-histogram.js";
import type { StreamObserver, StreamObserverOptions } from "../stream-observer.js";
import { DistinctValues } from "./distinct-values.js";
import { HistogramSource } from "./histogram-source.js";

/**
 * Watches a stream with a histogram of fixed size, exact extremes and an exact count of zeros. A
 * stream of at most 256 different values is known exactly, as far as squared errors go. Its
 * `observe` throws InvalidDataError for NaN or infinity, with nothing counted.
 */
export function histogramObserver({ bins, name }: StreamObserverOptions): StreamObserver {
  const histogram = new WideningHistogram(bins);
  const distinct = new DistinctValues();
  return {
    observe: (values) => {
      histogram.add(values, name);
      distinct.add(values);
    },
    source: () => new HistogramSource(histogram, distinct.entries()),
  };
}
