import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { speedGenomes, speedModel } from "../../bench/estimate-speed.js";
import { QuantizationEvolutionEngine } from "../../src/engine/engine.js";
import { SOURCE_ELSEWHERE } from "../../src/hardware/compact/decode.js";
import { compactModule } from "../../src/hardware/compact/encode.js";
import type { HardwareTarget } from "../../src/hardware/contract.js";
import {
  costModelFor as coreCostModelFor,
  hardwareProfiles as coreProfiles,
} from "../../src/hardware/core-registry.js";
import { loadHardwareProfile } from "../../src/hardware/profile/load-hardware-profile.js";
import { costModelFor, hardwareDevices, hardwareProfiles } from "../../src/hardware/registry.js";

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

  it("point from the id of a device, in place of a target, to its cost model", () => {
    for (const { deviceId, target } of hardwareDevices) {
      if (deviceId === undefined || deviceId === "owner-document") continue;
      const hint =
        `hardwareTarget is "${deviceId}", a device of ${target} (costModelFor("${target}", ` +
        `{ device: "${deviceId}" }) of quantevo/hardware is its cost model); allowed: arm-neon`;
      for (const given of [coreCostModelFor, costModelFor])
        expect(() => given(deviceId as never)).toThrow(hint);
      expect(() => new QuantizationEvolutionEngine({ hardwareTarget: deviceId as never })).toThrow(
        hint,
      );
      expect(costModelFor(target as HardwareTarget, { device: deviceId }).target).toBe(target);
    }
    expect(() => costModelFor("arm_neon" as never)).toThrow(
      / \(did you mean arm-neon\?\); allowed/,
    );
  });
});
