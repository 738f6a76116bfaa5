import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { goldenFronts } from "./workloads.js";

it("finds the fronts that it found before (see regenerate.ts)", async () => {
  const golden = JSON.parse(readFileSync(new URL("fronts.json.golden", import.meta.url), "utf8"));
  const fronts = await goldenFronts();
  expect(fronts).toEqual(golden);
  for (const front of Object.values(fronts)) expect(front.length).toBeGreaterThan(3);
});
