// Writes the fronts anew: `npx tsx test/golden/regenerate.ts`. Do so when a change is meant to
// change results (kernels, noise curve, profiles, operators), and say in the commit why they
// changed.
import { writeFileSync } from "node:fs";
import { goldenFronts } from "./workloads.js";

writeFileSync(
  new URL("fronts.json.golden", import.meta.url),
  `${JSON.stringify(await goldenFronts(), null, 2)}\n`,
);
