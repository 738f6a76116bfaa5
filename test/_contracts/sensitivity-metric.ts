import { describe, expect, it } from "vitest";
import { checkedHarms } from "../../src/evaluation/sensitivity/checked-harms.js";
import type { SensitivityMetric } from "../../src/evaluation/sensitivity/contract.js";
import type { ModelSpec } from "../../src/model/layer-spec.js";

/** What every sensitivity metric keeps, built-in or not. @param create a fresh metric each time */
export function describeSensitivityMetric(create: () => SensitivityMetric, model: ModelSpec): void {
  const { name } = create();
  describe(`${name} is a SensitivityMetric`, () => {
    it("tells a finite harm of at least 0 of every layer, the same again", async () => {
      const metric = create();
      const harms = await checkedHarms(metric, model, {});
      expect([...harms.keys()]).toEqual(model.layers.map((layer) => layer.name));
      expect(Math.max(...harms.values())).toBeGreaterThan(0);
      expect(await metric.harms(model, {})).toEqual(harms);
      expect(await create().harms(model, { concurrency: 3 })).toEqual(harms);
      expect(["predicted", "measured"]).toContain(metric.kind);
    });

    it("stops when its signal is aborted", async () => {
      const signal = AbortSignal.abort(new Error("enough"));
      await expect(create().harms(model, { signal })).rejects.toThrow("enough");
    });
  });
}
