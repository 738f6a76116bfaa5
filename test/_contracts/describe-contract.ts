import { describe, it } from "vitest";
import type { ContractCheck } from "../../src/testing/index.js";

/** Each check of a contract suite as a test. */
export function describeContract(title: string, checks: readonly ContractCheck[]): void {
  describe(title, () => {
    for (const check of checks) it(check.name, check.run);
  });
}
