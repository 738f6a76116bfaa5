// Writes the default devices, which the core carries: `npm run build:devices`. A test fails while
// they are out of date.
import { writeFileSync } from "node:fs";
import { hardwareProfiles } from "../registry.js";
import { compactModule } from "./encode.js";

writeFileSync(new URL("devices.ts", import.meta.url), compactModule(hardwareProfiles));
