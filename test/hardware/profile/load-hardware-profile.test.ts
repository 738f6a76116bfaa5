import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError, InvalidDocumentError } from "../../../src/errors.js";
import {
  costModelFor,
  hardwareProfiles,
  loadHardwareProfile,
} from "../../../src/hardware/index.js";

type Json = Record<string, unknown>;

const plain = (): Json => structuredClone(hardwareProfiles[0]) as unknown as Json;

function patched(path: string, value: unknown): Json {
  const data = plain();
  const keys = path.split(".");
  let at = data;
  for (const key of keys.slice(0, -1)) at = at[key] as Json;
  const last = keys.at(-1) as string;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return data;
}

function failure(data: unknown): InvalidDocumentError {
  try {
    loadHardwareProfile(data);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidDocumentError);
    return error as InvalidDocumentError;
  }
  throw new Error("the profile was accepted");
}

describe("loadHardwareProfile", () => {
  it("reads every built-in profile back from JSON", () => {
    for (const profile of hardwareProfiles)
      expect(loadHardwareProfile(JSON.stringify(profile))).toEqual(profile);
  });

  it("freezes a copy: the data given stays as it was", () => {
    const data = plain();
    const profile = loadHardwareProfile(data);
    expect(Object.isFrozen(profile.formats.weights[0])).toBe(true);
    expect(Object.isFrozen(data)).toBe(false);
    expect(() => {
      (profile.dram.bandwidthGBs as { value: number }).value = 1;
    }).toThrow(TypeError);
  });

  it.each<[string, unknown]>([
    ["dram.bandwidthGBs.value", 1e9],
    ["dram.bandwidthGBs.value", 0],
    ["dram.bandwidthGBs.value", -5],
    ["dram.bandwidthGBs.value", Number.NaN],
    ["dram.bandwidthGBs.value", "17"],
    ["dram.bandwidthGBs.value", undefined],
    ["dram.bandwidthGBs.unit", "MB/s"],
    ["dram.bandwidthGBs.source", ""],
    ["dram.bandwidthGBs.source", undefined],
    ["dram.bandwidthGBs.tag", "guessed"],
    ["dram.bandwidthGBs", 17],
    ["gmacsPerSecond.int8.value", 0],
    ["gmacsPerSecond.int8", undefined],
    ["energyPerMacPj.float32", undefined],
    ["energyPerMacPj.int8.value", Number.POSITIVE_INFINITY],
    ["overlap.value", 1.1],
    ["overheadPerOperatorUs.value", -1],
    ["onChip.capacityBytes.value", 10],
    ["staticPowerW.value", 1e6],
    ["schemaVersion", 2],
    ["target", ""],
    ["extra", 1],
    ["formats.weights.0.storageBits", 7],
    ["formats.weights.12.storageBits", 4],
    ["formats.weights.0.reason", undefined],
    ["formats.activations.1.storageBits", 4],
    ["formats.activations.2.storageBits", 8],
    ["formats.weightOnly.reason", undefined],
    ["formats.weightSchemes.asymmetric.reason", undefined],
    ["formats.granularities.per-group.scalePenalty.value", -1],
    ["formats.combinations.0.reason", undefined],
    ["formats.combinations.0.when", {}],
    ["formats.combinations.0.status", "native"],
    ["formats.container.scaleBits.value", 0],
    ["depthwiseGmacsPerSecond.int8.value", 1e9],
    ["outputChannelTile.value", 0],
    ["conversion.bandwidthGBs.value", 1e9],
    ["conversion.overheadUs.unit", "ms"],
    ["fusion.source", ""],
    ["threads.value", -4],
    ["deviceId", "Pixel 3"],
  ])("refuses a wrong %s (%s)", (path, value) => {
    const error = failure(patched(path, value));
    expect(error.path).toBe(path);
    expect(error.message).toContain(path);
    expect(error.message).toMatch(/^hardware profile: .* is .*; allowed: \S/);
    expect(error.message).not.toContain("another value");
  });

  it("says the value, the range, and how many faults there are besides", () => {
    const one = patched("dram.bandwidthGBs.value", 1e9);
    expect(failure(one).message).toBe(
      "hardware profile: dram.bandwidthGBs.value is 1000000000; allowed: a number at most 20000",
    );
    expect(failure({ ...one, name: "" }).message).toMatch(/^[^(]*\(and 1 more fault\)$/);
    expect(failure({ ...one, name: "", version: 2 }).message).toMatch(/\(and 2 more faults\)$/);
  });

  it("asks for an unconditional row of every width", () => {
    const weights = plain().formats as { weights: { bits: number; when?: object }[] };
    expect(weights.weights[12]?.bits).toBe(8);
    const conditional = weights.weights.map((row) =>
      row.bits === 6 ? { ...row, when: { operators: ["conv"] } } : row,
    );
    const error = failure(patched("formats.weights", conditional));
    expect(error.path).toBe("formats.weights");
    expect(error.message).toContain("6-bit weights");
    const activations = (plain().formats as { activations: { bits: number }[] }).activations;
    expect(
      failure(patched("formats.activations", [...activations.slice(1), activations[1]])).message,
    ).toContain("4-bit activations");
  });

  it("refuses what is no profile at all", () => {
    for (const data of [undefined, null, 5, [], "{", "[1]", '{"__proto__": {}}'])
      expect(failure(data)).toBeInstanceOf(InvalidDocumentError);
    fc.assert(
      fc.property(fc.anything(), (data) => failure(data).code === "INVALID_DOCUMENT"),
      { numRuns: 50 },
    );
  });
});

describe("costModelFor", () => {
  it("takes a target, a profile, or a model", () => {
    const profile = patched("target", "my-board");
    const costModel = costModelFor(profile as never);
    expect(costModel.target).toBe("my-board");
    expect(costModelFor(costModel)).toBe(costModel);
    expect(costModelFor("intel-vnni").target).toBe("intel-vnni");
  });

  it("refuses what is none of these", () => {
    for (const target of ["abacus", "__proto__", undefined, null, 3]) {
      const call = () => costModelFor(target as never);
      expect(call).toThrow(InvalidArgumentError);
      expect(call).toThrow(/arm-neon, arm-dot/);
    }
    expect(() => costModelFor({} as never)).toThrow(InvalidDocumentError);
  });
});
