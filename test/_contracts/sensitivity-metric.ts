import type { SensitivityMetric } from "../../src/evaluation/sensitivity/contract.js";
import type { ModelSpec } from "../../src/model/layer-spec.js";
import { sensitivityMetricContract } from "../../src/testing/index.js";
import { describeContract } from "./describe-contract.js";

/**
 * What every sensitivity metric keeps, built-in or custom.
 * @param create a new metric at each call
 */
export function describeSensitivityMetric(create: () => SensitivityMetric, model: ModelSpec): void {
  const { name } = create();
  describeContract(`${name} is a SensitivityMetric`, sensitivityMetricContract(create, model));
}
