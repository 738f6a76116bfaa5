import { checkFields } from "../../../check/check-fields.js";
import { describeValue } from "../../../check/describe-value.js";
import { checkGenomeLayers } from "../../../deploy/check-genome-layers.js";
import type { IntegerPlacement } from "../../../deploy/integer-operators.js";
import type { Placement } from "../../../deploy/placement.js";
import { genomePlacement } from "../../../deploy/plan-activations.js";
import { InvalidArgumentError } from "../../../errors.js";
import { configOf } from "../../../evaluation/genome-size.js";
import { LayerQuantConfig } from "../../../genome/layer-quant-config.js";
import { checkGenome, type QuantizationGenome } from "../../../genome/quantization-genome.js";
import type {
  CostEstimate,
  CostUncertainty,
  HardwareCostModel,
  LayerCost,
  OperatorSupport,
} from "../../../hardware/contract.js";
import { lazyList } from "../../../hardware/roofline/lazy-list.js";
import { RooflineCostModel } from "../../../hardware/roofline/roofline-cost-model.js";
import { intelVnniOnnxRuntime } from "../../../hardware/targets/intel-vnni-onnx-runtime.js";
import type { LayerSpec, ModelSpec } from "../../../model/layer-spec.js";
import { checkModel } from "../check-arguments.js";
import type { OnnxModel } from "../read/onnx-model.js";
import { placementOf } from "../write/place-tensors.js";
import { type ExecutionTime, executionTime } from "./execution-time.js";
import { KERNEL_TIMES } from "./kernel-times.js";
import { type ModelTimes, modelTimes } from "./model-times.js";

/** Options of {@link onnxRuntimeCostModel}. */
export interface OnnxRuntimeCostModelOptions {
  /** Samples of one run, 1 to 65,536. Default 1. */
  readonly batch?: number;
  /**
   * Measured milliseconds of the float model on the machine (`measureOnnxLatency(model, undefined,
   * ...)`), above 0: all times are scaled so that float takes as long. Default: the times of the
   * processor that the kernels were measured on.
   */
  readonly floatMs?: number;
}

const FLOAT = new LayerQuantConfig({ weightBits: 32, activationBits: 32 });
/** Latencies of files that no constant was fitted to; energies as estimated for `intel-vnni`. */
const UNCERTAINTY: CostUncertainty = Object.freeze({
  latency: 0.12,
  energy: 0.5,
  source: "132 files of 22 models, measured by bench/validate-latency.ts (docs/latency-tables.md)",
});
const NOTHING: IntegerPlacement = { operators: new Set(), values: [] };

/**
 * Predicts how long ONNX Runtime on an x64 processor with VNNI takes for the files that
 * `quantizeOnnx` writes of this model, on one thread. It goes through the graph as the writer does:
 * which operators compute on codes is what the writer decides for the genome, and conversions are
 * counted where codes and floats meet. Times of kernels are measured ones, of single operators. So
 * a genome whose file is slower than float costs more than float here.
 *
 * Layers inside `If`, `Loop` and `Scan` count as products in float. Other operators there are not
 * counted, and those whose sizes depend on them count as one element; `source` of an estimate says
 * how many. Give the model its sizes first, by the option `sample` of `loadOnnxModel` or
 * {@link withDimensionsOf}. Memory and energy are those of the device `onnx-runtime-qdq` of
 * `intel-vnni`.
 * @throws InvalidArgumentError for what is no model or option. `estimate` throws it for another
 *   model or a genome of another model
 * @example
 * ```ts fragment
 * import { QuantizationEvolutionEngine } from "quantevo";
 * import { loadOnnxModel, onnxRuntimeCostModel } from "quantevo/onnx";
 *
 * const model = await loadOnnxModel("model.onnx", { sample: batches[0]! });
 * const costModel = onnxRuntimeCostModel(model);
 * const engine = new QuantizationEvolutionEngine(config, { evaluator, costModel });
 * await engine.runEvolution(model.spec);
 * ```
 */
export function onnxRuntimeCostModel(
  model: OnnxModel,
  options: OnnxRuntimeCostModelOptions = {},
): HardwareCostModel {
  checkModel(model);
  checkFields(options, "options", ["batch", "floatMs"]);
  const { batch = 1, floatMs } = options;
  if (floatMs !== undefined && !(Number.isFinite(floatMs) && floatMs > 0))
    throw new InvalidArgumentError(
      "floatMs",
      `floatMs is ${describeValue(floatMs)}; allowed: a number above 0`,
    );
  return new OnnxRuntimeCostModel(model, batch, floatMs);
}

class OnnxRuntimeCostModel implements HardwareCostModel {
  readonly target: string;
  readonly #model: OnnxModel;
  readonly #base: RooflineCostModel;
  readonly #placement: Placement;
  readonly #times: ModelTimes;
  readonly #scale: number;
  readonly #source: string;

  constructor(model: OnnxModel, batch: number, floatMs: number | undefined) {
    this.#base = new RooflineCostModel(intelVnniOnnxRuntime, { batch });
    this.target = this.#base.target;
    this.#model = model;
    this.#placement = placementOf(model);
    this.#times = modelTimes(model, this.#placement, batch);
    const float = executionTime(
      this.#times,
      NOTHING,
      model.layers.map(() => FLOAT),
    );
    this.#scale = floatMs === undefined ? 1 : floatMs / totalMs(float, 1);
    this.#source =
      `graph of ${model.name} with ${KERNEL_TIMES.source}` +
      (this.#times.unsized === 0 ? "" : `, sizes of ${this.#times.unsized} operators unknown`) +
      (floatMs === undefined ? "" : `, scaled to ${floatMs} ms in float32`);
  }

  supports(layer: LayerSpec, config: LayerQuantConfig): OperatorSupport {
    return this.#base.supports(layer, config);
  }

  tiedLayers(model: ModelSpec): readonly (readonly string[])[] {
    return this.#base.tiedLayers(model);
  }

  estimate(spec: ModelSpec, genome: QuantizationGenome): CostEstimate {
    const model = this.#model;
    checkGenome(genome, "genome");
    if (spec.layers.length !== model.layers.length)
      throw new InvalidArgumentError(
        "model",
        `model has ${spec.layers.length} layers; allowed: the spec of ${model.name}, which this ` +
          `cost model was made for, with ${model.layers.length}`,
      );
    checkGenomeLayers(model, genome);
    const { conversions: _, ...base } = this.#base.estimate(spec, genome);
    const found = genomePlacement(model, this.#placement, genome);
    const configs = model.layers.map((layer) => configOf(genome, layer));
    const time = executionTime(this.#times, found, configs);
    const latencyMs = totalMs(time, this.#scale);
    const watts = this.#base.profile.staticPowerW.value;
    return {
      ...base,
      latencyMs,
      // Milliseconds times watts are millijoules.
      energyMj: base.energyMj + (latencyMs - base.latencyMs) * watts,
      source: this.#source,
      uncertainty: UNCERTAINTY,
      layers: lazyList(() =>
        base.layers.map((layer, i): LayerCost => {
          const own = Math.max(time.layersUs[i]! * this.#scale * 1e-3, Number.MIN_VALUE);
          const energyMj = layer.energyMj + (own - layer.latencyMs) * watts;
          return { ...layer, latencyMs: own, energyMj };
        }),
      ),
    };
  }
}

function totalMs({ layersUs, restUs }: ExecutionTime, scale: number): number {
  const us = layersUs.reduce((sum, one) => sum + one, restUs + KERNEL_TIMES.graph);
  return us * scale * 1e-3;
}
