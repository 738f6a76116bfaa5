import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { speedGenomes, speedModel } from "../../bench/estimate-speed.js";
import { SOURCE_ELSEWHERE } from "../../src/hardware/compact/decode.js";
import { compactModule } from "../../src/hardware/compact/encode.js";
import {
  costModelFor as coreCostModelFor,
  hardwareProfiles as coreProfiles,
} from "../../src/hardware/core-registry.js";
import { loadHardwareProfile } from "../../src/hardware/profile/load-hardware-profile.js";
import { costModelFor, hardwareProfiles } from "../../src/hardware/registry.js";

/** A profile without the sources that the core leaves out. */
const withoutSources = (profile: unknown) =>
  JSON.parse(JSON.stringify(profile), (key, value) => (key === "source" ? "" : value));

describe("the default devices, which the core carries", () => {
  it("are written from the profiles in targets/: else run npm run build:devices", () => {
    const file = new URL("../../src/hardware/compact/devices.ts", import.meta.url);
    expect(readFileSync(file, "utf8")).toBe(compactModule(hardwareProfiles));
  });

  it("are the same profiles, frozen and valid, apart from the texts of their sources", () => {
    expect(withoutSources(coreProfiles)).toEqual(withoutSources(hardwareProfiles));
    for (const device of coreProfiles) {
      expect(loadHardwareProfile(JSON.stringify(device))).toEqual(device);
      expect(Object.isFrozen(device.dram.bandwidthGBs)).toBe(true);
      expect(device.dram.bandwidthGBs.source).toBe(SOURCE_ELSEWHERE);
      expect(device.validation?.latencyRelativeError.source ?? "unseen points").toMatch(/points/);
    }
  });

  it("cost the same", () => {
    const model = speedModel();
    const [genome] = speedGenomes(model, 1);
    for (const [index, device] of coreProfiles.entries())
      expect(costModelFor(device).estimate(model, genome!)).toEqual(
        costModelFor(hardwareProfiles[index]!).estimate(model, genome!),
      );
  });

  it("are one a target; the core says where the others are", () => {
    expect(coreCostModelFor("arm-dot", { device: "pixel-4" }).target).toBe("arm-dot");
    expect(() => coreCostModelFor("arm-dot", { device: "raspberry-pi-5" })).toThrow(
      /allowed for arm-dot: pixel-4; more devices: costModelFor of quantevo\/hardware/,
    );
  });
});
