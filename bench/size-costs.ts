import { genomeSizeBytes } from "../src/evaluation/genome-size.js";
import type { HardwareCostModel } from "../src/index.js";

/**
 * Counts bytes and nothing else, so that a search has two objectives: accuracy and bit-exact packed
 * size.
 */
export const sizeCosts: HardwareCostModel = {
  target: "size",
  supports: (_, { weightBits, activationBits }) => ({
    status: "native",
    weightStorageBits: weightBits,
    activationStorageBits: activationBits,
    computeFormat: "int8",
    reasons: [],
  }),
  estimate(model, genome) {
    const bytes = genomeSizeBytes(model, genome);
    return {
      kind: "predicted",
      latencyMs: 1,
      energyMj: 1,
      memoryFootprintMb: bytes / 1e6,
      storedBytes: bytes,
      layers: [],
      notes: [],
      refusedLayers: [],
      source: "packed size",
    };
  },
};
