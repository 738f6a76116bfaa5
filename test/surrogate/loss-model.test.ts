import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankCorrelation } from "../../src/numeric/rank-correlation.js";
import { Random } from "../../src/random/random.js";
import {
  fitLossModel,
  type LossObservation,
  type LossPrior,
} from "../../src/surrogate/loss-model.js";

const SOURCES = 8;
/** Sensitivities that the prior does not know: they spread over two decades. */
const hidden = Float64Array.from(
  { length: SOURCES },
  (_, k) => 10 ** (-2 + (2 * ((k * 3) % SOURCES)) / 7),
);
const prior: LossPrior = {
  sensitivity: new Float64Array(SOURCES).fill(1 / SOURCES),
  deviation: new Float64Array(SOURCES).fill(1),
};

function candidates(seed: string, count: number): Float64Array[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () =>
    Float64Array.from({ length: SOURCES }, () => 4 ** -random.pick([2, 3, 4, 5, 6])),
  );
}

const lossOf = (noise: Float64Array) => {
  const sum = noise.reduce((total, power, k) => total + hidden[k]! * power, 0);
  return sum / (1 + sum);
};

function observe(seed: string, count: number): LossObservation[] {
  const random = new Random(`${seed} noise`);
  return candidates(seed, count).map((noise) => ({
    noise,
    loss: lossOf(noise) + 2e-4 * random.normal(),
    variance: 4e-8,
  }));
}

describe("fitLossModel", () => {
  it("learns which sources matter, and orders what it has not seen", () => {
    const model = fitLossModel(observe("train", 60), prior);
    const unseen = candidates("test", 200);
    const predicted = unseen.map((noise) => model.predict(noise).mean);
    expect(rankCorrelation(predicted, unseen.map(lossOf))).toBeGreaterThan(0.97);
    expect(rankCorrelation([...model.sensitivity], [...hidden])).toBeGreaterThan(0.9);
    // The prior alone orders them worse.
    const blind = unseen.map((noise) => noise.reduce((sum, power) => sum + power, 0));
    expect(rankCorrelation(blind, unseen.map(lossOf))).toBeLessThan(0.9);
  });

  it("holds a source to its prior the more firmly the less that may be off", () => {
    const off = (deviation: number) => {
      const firm = {
        sensitivity: hidden.map((value) => 3 * value),
        deviation: hidden.map(() => deviation),
      };
      // One source, the first, is thought to matter ten times as much as it does.
      firm.sensitivity[0]! *= 10;
      const { sensitivity } = fitLossModel(observe("firm", 60), firm);
      return sensitivity[0]! / (hidden[0]! * (sensitivity[1]! / hidden[1]!));
    };
    expect(off(1)).toBeLessThan(off(0.03));
    expect(off(0.003)).toBeCloseTo(10, 0);
  });

  it("takes what all lose for no source's doing", () => {
    const observations = observe("floor", 60).map((one) => ({ ...one, loss: one.loss + 0.05 }));
    const { sensitivity } = fitLossModel(observations, prior);
    expect(rankCorrelation([...sensitivity], [...hidden])).toBeGreaterThan(0.9);
  });

  it("says the same for the same observations, and more noise never makes its trend better", () => {
    const observations = observe("same", 30);
    const [a, b] = [fitLossModel(observations, prior), fitLossModel(observations, prior)];
    for (const noise of candidates("probe", 20)) expect(a.predict(noise)).toEqual(b.predict(noise));
    for (const value of a.sensitivity) expect(value).toBeGreaterThan(0);
  });

  it("has a scale that goes there and back", () => {
    const model = fitLossModel(observe("scale", 10), prior);
    fc.assert(
      fc.property(fc.double({ min: -1, max: 5, noNaN: true }), (loss) => {
        expect(model.fromScale(model.toScale(loss))).toBeCloseTo(loss, 9);
      }),
    );
  });

  it("stands a single observation, gains, and noise of nothing", () => {
    for (const loss of [-0.01, 0, 0.5]) {
      const model = fitLossModel([{ noise: new Float64Array(SOURCES), loss, variance: 0 }], prior);
      const { mean, deviation } = model.predict(candidates("one", 1)[0]!);
      expect(Number.isFinite(mean) && Number.isFinite(deviation)).toBe(true);
    }
  });

  describe("beyond its trend", () => {
    /** Noise of one source alone, the others quiet. */
    const only = (source: number, power: number, sources = 2) =>
      Float64Array.from({ length: sources }, (_, k) => (k === source ? power : 0));
    const alike = { sensitivity: Float64Array.of(1, 1), deviation: Float64Array.of(1, 1) };
    /** From half to hundreds of times the error that a measurement has. */
    const powers = Array.from({ length: 24 }, (_, i) => 1e-3 * 1.4 ** i);

    it("learns that loss does not grow in proportion to noise of one composition", () => {
      const lossAt = (power: number) => 0.05 * power ** 2;
      const observations = powers.map((power) => ({
        noise: only(0, power),
        loss: lossAt(power),
        variance: 1e-10,
      }));
      const model = fitLossModel(observations, alike);
      for (const power of powers.slice(4, -4)) {
        const { mean } = model.predict(only(0, 1.2 * power));
        expect(Math.abs(mean - model.toScale(lossAt(1.2 * power)))).toBeLessThan(0.5);
      }
    });

    it("carries what the trend misses everywhere to sources that nothing was measured of", () => {
      // The trend, which least squares hold to the small losses, lies far below the middle on a
      // logarithmic scale.
      const observations = powers.map((_, i) => {
        const power = 0.1 + 1e-4 * i;
        return {
          noise: only(0, power),
          loss: power * Math.exp(i % 2 === 0 ? 1 : -1),
          variance: 1e-10,
        };
      });
      const model = fitLossModel(observations, alike);
      const { mean } = model.predict(only(1, 0.1));
      expect(Math.abs(mean - model.toScale(0.1))).toBeLessThan(0.4);
    });

    it("foresees of next to no noise what all lose", () => {
      const observations = powers.map((power) => ({
        noise: only(0, power),
        loss: 0.02 + power,
        variance: 1e-8,
      }));
      const model = fitLossModel(observations, alike);
      for (const power of [0, 1e-7, 1e-5])
        expect(model.fromScale(model.predict(only(0, power)).mean)).toBeCloseTo(0.02, 2);
    });

    it(
      "tells losses apart as finely as the finest tenth of the measurements, however coarse " +
        "the others are",
      () => {
        const errors = [
          1e-7,
          ...[0, 0, 0].map(() => 1e-4),
          ...Array.from({ length: 16 }, () => 1e-2),
        ];
        const observations = errors.map((error, i) => ({
          noise: only(0, powers[i]!),
          loss: powers[i]!,
          variance: error ** 2,
        }));
        const { fromScale } = fitLossModel(observations, alike);
        expect(fromScale(Math.asinh(1))).toBeCloseTo(1e-4, 9);
      },
    );
  });
});
