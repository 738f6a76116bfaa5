import type { SamplingOperator } from "../contract.js";

/** Every gene drawn evenly from its choices. */
export const randomSampling: SamplingOperator = {
  name: "random-sampling",
  sample: ({ space, count, random }) => Array.from({ length: count }, () => space.draw(random)),
};
