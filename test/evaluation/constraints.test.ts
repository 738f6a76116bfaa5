import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { constraintViolations, totalViolation } from "../../src/evaluation/constraints.js";

const values = { accuracy: 0.8, latencyMs: 10, memoryMb: 4, energyMj: 2, refusedShare: 0 };

describe("constraintViolations", () => {
  it("is empty within the limits, and on them", () => {
    expect(constraintViolations(values, {})).toEqual({});
    const exact = { targetLatencyMs: 10, targetMemoryMb: 4, targetEnergyMj: 2, minAccuracy: 0.8 };
    expect(constraintViolations(values, exact)).toEqual({});
    expect(totalViolation({})).toBe(0);
  });

  it("gives each relative excess under the limit's name", () => {
    const violations = constraintViolations(
      { ...values, refusedShare: 0.25 },
      { targetLatencyMs: 8, targetMemoryMb: 2, targetEnergyMj: 1.6, minAccuracy: 1 },
    );
    expect(violations.targetLatencyMs).toBeCloseTo(0.25, 12);
    expect(violations.targetMemoryMb).toBeCloseTo(1, 12);
    expect(violations.targetEnergyMj).toBeCloseTo(0.25, 12);
    expect(violations.minAccuracy).toBeCloseTo(0.2, 12);
    expect(violations.refusedLayers).toBe(0.25);
    expect(totalViolation(violations)).toBeCloseTo(1.95, 12);
  });

  it("refuses limits that are none", () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => constraintViolations(values, { targetLatencyMs: bad })).toThrow(
        `targetLatencyMs is ${bad}`,
      );
      expect(() => constraintViolations(values, { targetEnergyMj: bad })).toThrow(
        InvalidArgumentError,
      );
    }
    expect(() => constraintViolations(values, { minAccuracy: 1.1 })).toThrow(
      "minAccuracy is 1.1; allowed: 0 to 1",
    );
    expect(constraintViolations({ ...values, accuracy: 0 }, { minAccuracy: 0 })).toEqual({});
  });
});
