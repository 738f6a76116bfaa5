import { InvalidArgumentError } from "../errors.js";
import { QuantizationGranularity } from "../quantization/scheme.js";

/**
 * Refuses channels that nobody named: the defaults would make each element a channel.
 * @throws InvalidArgumentError when granularity is per-channel and `shape` or `axis` is missing
 */
export function requireChannels({
  granularity,
  shape,
  axis,
}: {
  readonly granularity?: QuantizationGranularity;
  readonly shape?: readonly number[];
  readonly axis?: number;
}): void {
  if (granularity !== QuantizationGranularity.PER_CHANNEL) return;
  for (const [name, value] of Object.entries({ shape, axis }))
    if (value === undefined)
      throw new InvalidArgumentError(
        name,
        `${name} is missing; allowed: for per-channel, give the shape of the tensor and the ` +
          "axis of its channels, such as shape: [64, 128], axis: 0",
      );
}
