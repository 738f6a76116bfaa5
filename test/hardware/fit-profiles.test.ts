import { describe, expect, it } from "vitest";
import { calibratedFigures, deviceFits } from "../../bench/fit-profiles.js";
import { nelderMead } from "../../bench/nelder-mead.js";
import { hardwareDevices } from "../../src/hardware/registry.js";

const fits = deviceFits();

describe("the fit of the built-in profiles", () => {
  it(
    "covers every figure that says it was fitted to the published points, and reads fitted " +
      "points only",
    () => {
      for (const profile of hardwareDevices) {
        if (profile.deviceId === "owner-document") continue;
        const fit = fits.find((one) => one.profile === profile);
        const claims = [...calibratedFigures(profile).keys()];
        const paths = fit?.paths ?? [];
        const { target, deviceId } = profile;
        expect(
          claims.filter((path) => !paths.includes(path)),
          `${target} ${deviceId}: each figure's source claims a fit; change the source, or add ` +
            "guesses to bench/fit-guesses.json",
        ).toEqual([]);
        expect(
          paths,
          `${target} ${deviceId}: guesses in bench/fit-guesses.json are for figures whose source ` +
            "claims a fit, in the order of the profile",
        ).toEqual(claims);
      }
      for (const { points } of fits)
        expect(new Set(points.map(({ split }) => split))).toEqual(new Set(["fitted"]));
    },
  );

  // The whole fit is `npm run fit:profiles -- --check`, minutes. Here: each profile stands where
  // moving any of its figures by 10%, up or down, makes the fit worse.
  it.each(fits.map((fit) => [fit.profile.deviceId, fit] as const))(
    "%s stands at the optimum",
    (_, fit) => {
      const here = fit.values.map(Math.log);
      const least = fit.cost(here);
      fit.paths.forEach((path, i) => {
        for (const factor of [0.9, 1 / 0.9])
          expect(
            fit.cost(here.map((x, j) => (i === j ? x + Math.log(factor) : x))),
            path,
          ).toBeGreaterThan(least);
      });
    },
  );
});

describe("nelderMead", () => {
  it("finds the least value of a bent valley (Rosenbrock) and of one variable", () => {
    const [x, y] = nelderMead(([a, b]) => (1 - a!) ** 2 + 100 * (b! - a! * a!) ** 2, [-1.2, 1]);
    expect(x).toBeCloseTo(1, 2);
    expect(y).toBeCloseTo(1, 2);
    expect(nelderMead(([a]) => Math.abs(a! - 3), [0])[0]).toBeCloseTo(3, 3);
  });
});
