import type { AccuracyEstimate, AccuracyEvaluator } from "../../src/evaluation/evaluator.js";
import type { QuantizationGenome } from "../../src/genome/quantization-genome.js";
import type { CostEstimate, HardwareCostModel } from "../../src/hardware/contract.js";
import type { LayerSpec, ModelSpec } from "../../src/model/layer-spec.js";
import { Random } from "../../src/random/random.js";

export function gaussianWeights(label: string, count: number): Float32Array {
  const random = new Random(label);
  return Float32Array.from({ length: count }, () => 0.1 * random.normal());
}

export function layer(
  name: string,
  channels: number,
  perChannel: number,
  more: Partial<LayerSpec> = {},
): LayerSpec {
  return {
    name,
    kind: "conv",
    parameterCount: channels * perChannel,
    macs: channels * perChannel * 10,
    inputShape: [1, 4, 8, 8],
    outputShape: [1, channels, 8, 8],
    weights: gaussianWeights(name, channels * perChannel),
    weightLayout: { shape: [channels, perChannel], channelAxis: 0, groupAxis: 1 },
    ...more,
  };
}

/** Four layers with weights, 10 parameters in float. */
export const smallModel: ModelSpec = {
  name: "small",
  source: "user",
  floatParameterCount: 10,
  layers: [
    layer("stem", 4, 36),
    layer("__proto__", 8, 64),
    layer("wide", 32, 64),
    layer("head", 10, 32, { kind: "gemm" }),
  ],
};

/** A device that is as slow as the bits it reads. */
export const bitCost: HardwareCostModel = {
  target: "test",
  supports: (_, config) => ({
    status: "native",
    weightStorageBits: config.weightBits,
    activationStorageBits: config.activationBits,
    computeFormat: "int8",
    reasons: [],
  }),
  estimate(model: ModelSpec, genome: QuantizationGenome): CostEstimate {
    const bits = model.layers.reduce(
      (sum, { name, parameterCount }) =>
        sum + parameterCount * genome.layerConfigs.get(name)!.weightBits,
      0,
    );
    return {
      kind: "predicted",
      latencyMs: bits / 1e4,
      energyMj: bits / 1e5,
      memoryFootprintMb: bits / 8e6,
      storedBytes: bits / 8,
      layers: [],
      notes: [],
      refusedLayers: [],
      source: "test",
    };
  },
};

export function estimateOf(accuracy: number): AccuracyEstimate {
  return { kind: "measured", accuracy, metric: "top-1", metricValue: accuracy, source: "test" };
}

/** An evaluator from a plain function. */
export function evaluatorOf(
  accuracy: (genome: QuantizationGenome, signal?: AbortSignal) => number | Promise<number>,
): AccuracyEvaluator {
  return {
    kind: "measured",
    evaluate: async (genome, { signal }) => estimateOf(await accuracy(genome, signal)),
  };
}
