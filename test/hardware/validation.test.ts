import { describe, expect, it } from "vitest";
import { timeEstimates } from "../../bench/estimate-speed.js";
import { validateTarget, validationPoints } from "../../bench/validation-points.js";
import { HardwareTarget } from "../../src/hardware/contract.js";
import { hardwareDevices } from "../../src/hardware/registry.js";

describe.each(Object.values(HardwareTarget))("%s against published latencies", (target) => {
  it("has points with a source, each once, split into fitted and unseen", () => {
    const points = validationPoints(target);
    expect(new Set(points.map((point) => point.id)).size).toBe(points.length);
    for (const { source, split, latencyMs, device, id } of points) {
      expect(source.length, id).toBeGreaterThan(15);
      expect(["fitted", "unseen", "fresh"], id).toContain(split);
      expect(latencyMs, id).toBeGreaterThan(0);
      expect(
        hardwareDevices.some((profile) => profile.target === target && profile.deviceId === device),
        id,
      ).toBe(true);
    }
  });

  it("misses unseen points by 30% at most in the median, and orders 90% of pairs", () => {
    const { count, medianError, ordered, pairs } = validateTarget(target).unseen;
    expect(count, "unseen points").toBeGreaterThanOrEqual(4);
    expect(medianError, "median error of the unseen points").toBeLessThanOrEqual(0.3);
    expect(
      pairs,
      "no two unseen points of one device differ in latency: there is no order to check",
    ).toBeGreaterThan(0);
    expect(ordered / pairs, "share of the unseen pairs in order").toBeGreaterThanOrEqual(0.9);
  });

  it("states the error that its profiles carry", () => {
    const { medianError } = validateTarget(target).notFitted;
    for (const profile of hardwareDevices.filter(
      (one) => one.target === target && one.validation !== undefined,
    )) {
      const stated = profile.validation?.latencyRelativeError.value as number;
      const what =
        `${profile.deviceId} states validation.latencyRelativeError ${stated}; allowed: the ` +
        `median error of the unseen and fresh points, ${medianError}, to less than 0.02 above it`;
      expect(stated, what).toBeGreaterThanOrEqual(medianError - 1e-9);
      expect(stated, what).toBeLessThan(medianError + 0.02);
    }
  });
});

describe("estimating", () => {
  it(
    "costs at most 3 times the plain loop over typed arrays that gets the same genomes, with " +
      "room for noise",
    () => {
      // bench/estimate-speed.ts prints 2 to 3 on an idle machine (npm run bench:estimate). Other
      // tests run beside, and a loader is between the modules: the best of some attempts, at most
      // 4. A table that is lost costs a hundredfold.
      let ratio = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < 8 && ratio > 3; attempt++) {
        const { estimateMs, typedMs } = timeEstimates(4000, 4);
        ratio = Math.min(ratio, estimateMs / typedMs);
      }
      expect(ratio).toBeLessThanOrEqual(4);
    },
  );
});
