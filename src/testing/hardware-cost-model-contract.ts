import { ACTIVATION_BITS, WEIGHT_BITS } from "../genes/bits.js";
import { LayerQuantConfig, type LayerQuantConfigFields } from "../genome/layer-quant-config.js";
import type { CostEstimate, HardwareCostModel } from "../hardware/contract.js";
import { QuantizationGranularity, QuantizationScheme } from "../quantization/scheme.js";
import { assert, assertSame, assertWithin, thrownBy } from "./assertions.js";
import type { ContractCheck } from "./contract-check.js";
import { contractGenome, contractModel } from "./contract-model.js";

/** What a layer costs and a graph at least as much. */
const COSTS = ["latencyMs", "energyMj", "storedBytes"] as const;

/**
 * What every {@link HardwareCostModel} keeps, built-in or your own: costs that are finite,
 * positive, no less than those of the layers together, and lower in 8 bits than in float32. It says
 * why where a layer does not run as asked. It is asked about a small model of its own, with layers
 * of every kind.
 * @param create a fresh cost model each time
 * @returns the checks, for a test runner of your choice
 * @example With vitest:
 * ```ts
 * import { it } from "vitest";
 * import { hardwareCostModelContract } from "quantevo/testing";
 *
 * const checks = hardwareCostModelContract(() => new MyCostModel());
 * for (const check of checks) it(check.name, check.run);
 * ```
 */
export function hardwareCostModelContract(create: () => HardwareCostModel): ContractCheck[] {
  const estimate = (fields?: Partial<LayerQuantConfigFields>): CostEstimate =>
    create().estimate(contractModel, contractGenome(fields));
  return [
    {
      name: "has a target and says where its numbers come from",
      run() {
        const { source, kind } = estimate();
        assert(create().target.length > 0, "target is empty; expected: its name");
        assert(source.length > 0, "source is empty; expected: where the numbers come from");
        assert(
          kind === "predicted" || kind === "measured",
          `kind is ${kind}; expected: predicted or measured`,
        );
      },
    },
    {
      name: "costs every width, scheme and granularity with finite positive numbers that add up",
      run() {
        const costModel = create();
        for (const weightBits of WEIGHT_BITS)
          for (const activationBits of ACTIVATION_BITS)
            for (const weightScheme of Object.values(QuantizationScheme))
              for (const granularity of Object.values(QuantizationGranularity)) {
                const fields = { weightBits, activationBits, weightScheme, granularity };
                checkCosts(costModel.estimate(contractModel, contractGenome(fields)));
              }
      },
    },
    {
      name: "explains exactly what is not native, and lists what is refused",
      run() {
        const costModel = create();
        for (const weightBits of WEIGHT_BITS)
          for (const weightScheme of Object.values(QuantizationScheme))
            checkSupport(costModel, { weightBits, weightScheme, activationScheme: "asymmetric" });
      },
    },
    {
      name: "is a function of its arguments",
      run() {
        const costModel = create();
        const ask = () => costModel.estimate(contractModel, contractGenome({ weightBits: 4 }));
        const first = ask();
        assertSame(ask(), first, "the second estimate");
        assertSame(estimate({ weightBits: 4 }), first, "the estimate of another cost model");
      },
    },
    {
      name: "makes uniform int8 cheaper than float32 in time, energy, storage and memory",
      run() {
        const int8 = estimate({ weightBits: 8, activationBits: 8 });
        const float32 = estimate({ weightBits: 32, activationBits: 32 });
        for (const cost of [...COSTS, "memoryFootprintMb"] as const)
          assert(
            int8[cost] < float32[cost],
            `${cost} of int8 is ${int8[cost]}; expected: below ${float32[cost]}, that of float32`,
          );
      },
    },
    {
      name: "never stores more for fewer bits",
      run() {
        for (const granularity of Object.values(QuantizationGranularity)) {
          let before = 0;
          for (const weightBits of WEIGHT_BITS.filter((bits) => bits < 32)) {
            const { storedBytes } = estimate({ weightBits, granularity });
            assert(
              storedBytes >= before,
              `storedBytes of ${weightBits} bits ${granularity} is ${storedBytes}; expected: at ` +
                `least the ${before} of fewer bits`,
            );
            before = storedBytes;
          }
        }
      },
    },
    {
      name: "refuses a genome that lacks a layer",
      async run() {
        const layerConfigs = new Map([...contractGenome().layerConfigs].slice(1));
        const genome = contractGenome().with({ layerConfigs });
        await thrownBy(() => create().estimate(contractModel, genome), "the estimate");
      },
    },
  ];
}

function checkCosts(estimate: CostEstimate): void {
  const { memoryFootprintMb, storedBytes, layers } = estimate;
  assertSame(
    layers.map(({ name }) => name),
    contractModel.layers.map(({ name }) => name),
    "the names of the layers",
  );
  for (const cost of COSTS) {
    let sum = 0;
    for (const layer of layers) {
      assertWithin(layer[cost], Number.MIN_VALUE, Number.MAX_VALUE, `${cost} of ${layer.name}`);
      sum += layer[cost];
    }
    // A graph may cost more than its layers, never less.
    assertWithin(estimate[cost], sum * (1 - 1e-12), Number.MAX_VALUE, cost);
  }
  assertWithin(memoryFootprintMb, storedBytes / 1e6, Number.MAX_VALUE, "memoryFootprintMb");
}

function checkSupport(costModel: HardwareCostModel, fields: Partial<LayerQuantConfigFields>): void {
  const { layers, refusedLayers, notes } = costModel.estimate(
    contractModel,
    contractGenome(fields),
  );
  for (const [i, spec] of contractModel.layers.entries()) {
    const support = costModel.supports(spec, new LayerQuantConfig(fields));
    assertSame(layers[i]?.support, support, `support of ${spec.name} in the estimate`);
    assert(
      (support.reasons.length === 0) === (support.status === "native"),
      `${spec.name} is ${support.status} for ${support.reasons.length} reasons; expected: none ` +
        "where it is native, else one or more",
    );
  }
  assertSame(
    refusedLayers,
    layers.filter(({ support }) => support.status === "refused").map(({ name }) => name),
    "refusedLayers",
  );
  const native = layers.every(({ support }) => support.status === "native");
  assert(
    (notes.length === 0) === native,
    `notes has ${notes.length} texts; expected: none where every layer is native, else some`,
  );
}
