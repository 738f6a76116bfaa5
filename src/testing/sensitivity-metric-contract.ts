import type { SensitivityMetric, SensitivityRequest } from "../evaluation/sensitivity/contract.js";
import type { ModelSpec } from "../model/layer-spec.js";
import { assert, assertSame, assertWithin, thrownBy } from "./assertions.js";
import type { ContractCheck } from "./contract-check.js";

/**
 * What every {@link SensitivityMetric} keeps, built-in or your own.
 * @param create a fresh metric each time
 * @param model what it is asked about; with weights, where the metric reads them
 * @returns the checks, for a test runner of your choice
 * @example With vitest:
 * ```ts
 * import { it } from "vitest";
 * import { sensitivityMetricContract } from "quantevo/testing";
 *
 * for (const check of sensitivityMetricContract(() => new MyMetric(), model))
 *   it(check.name, check.run);
 * ```
 */
export function sensitivityMetricContract(
  create: () => SensitivityMetric,
  model: ModelSpec,
): ContractCheck[] {
  const ask = (metric: SensitivityMetric, request: SensitivityRequest = {}) =>
    metric.lossIncreases(model, request);
  return [
    {
      name: "has a name, and says whether it predicts or measures",
      run() {
        const { name, kind } = create();
        assert(typeof name === "string" && name !== "", "name is empty; expected: a short text");
        assert(
          kind === "predicted" || kind === "measured",
          `kind is ${kind}; expected: predicted or measured`,
        );
      },
    },
    {
      name: "gives a finite number of at least 0 for every layer, and above 0 for one",
      async run() {
        const given = await ask(create());
        assert(given instanceof Map, "what it gives is no Map; expected: a Map by layer name");
        const names = model.layers.map((layer) => layer.name);
        assertSame([...given.keys()].sort(), names.sort(), "the layers it gives a number for");
        for (const [name, value] of given) assertWithin(value, 0, Number.MAX_VALUE, name);
        assert(Math.max(...given.values()) > 0, "every layer is 0; expected: one above 0");
      },
    },
    {
      name: "says the same again, with any concurrency",
      async run() {
        const metric = create();
        const first = await ask(metric);
        assertSame(await ask(metric), first, "the second answer");
        assertSame(await ask(create(), { concurrency: 3 }), first, "the answer of another metric");
      },
    },
    {
      name: "throws the reason of its signal once that is aborted",
      async run() {
        const reason = new Error("enough");
        const thrown = await thrownBy(
          () => ask(create(), { signal: AbortSignal.abort(reason) }),
          "an aborted metric",
        );
        assert(thrown === reason, `it threw ${String(thrown)}; expected: the signal's reason`);
      },
    },
  ];
}
