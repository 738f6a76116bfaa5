import type { RangeSource } from "./sources/range-source.js";

/** How a stream is watched. */
export interface StreamObserverOptions {
  /** How fine to count: bins for each sign, an even integer from 128 to 65536. */
  readonly bins: number;
  /** The tensor's name, for messages. */
  readonly name: string;
}

/**
 * Takes a stream in, batch by batch, and answers what a calibration method asks of its values. What
 * it answers depends on the values alone, not on their order or their batches; its memory does not
 * grow with the stream.
 */
export interface StreamObserver {
  /** Takes in one batch of finite values, which it must not keep. */
  observe(values: Float32Array): void;
  /** What is known of the values so far. Asked for after one or more, and again after others. */
  source(): RangeSource;
}
