import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../src/errors.js";
import { LayerQuantConfig } from "../../src/genome/layer-quant-config.js";
import { layerFields } from "./arbitraries.js";

const errorOf = (fields: unknown): InvalidArgumentError => {
  try {
    new LayerQuantConfig(fields as never);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    return error as InvalidArgumentError;
  }
  throw new Error(`accepted ${JSON.stringify(fields)}`);
};

describe("LayerQuantConfig", () => {
  it("has the documented defaults", () => {
    expect(new LayerQuantConfig().toDict()).toEqual({
      weightBits: 8,
      activationBits: 8,
      weightScheme: "symmetric",
      activationScheme: "asymmetric",
      granularity: "per-channel",
      groupSize: 32,
      useSymmetric: true,
    });
  });

  it("round-trips through toDict and fromDict, and through JSON", () => {
    fc.assert(
      fc.property(layerFields, (fields) => {
        const config = new LayerQuantConfig(fields);
        expect(config.toDict()).toEqual(fields);
        expect(LayerQuantConfig.fromDict(config.toDict()).equals(config)).toBe(true);
        expect(LayerQuantConfig.fromDict(JSON.parse(JSON.stringify(config))).equals(config)).toBe(
          true,
        );
      }),
    );
  });

  it("equals exactly when every field does", () => {
    fc.assert(
      fc.property(layerFields, layerFields, (a, b) => {
        const same =
          JSON.stringify({ ...new LayerQuantConfig(a).toDict() }) ===
          JSON.stringify({ ...new LayerQuantConfig(b).toDict() });
        expect(new LayerQuantConfig(a).equals(new LayerQuantConfig(b))).toBe(same);
      }),
    );
    const base = new LayerQuantConfig();
    const changes = {
      weightBits: 4,
      activationBits: 16,
      weightScheme: "asymmetric",
      activationScheme: "symmetric",
      granularity: "per-group",
      groupSize: 64,
      useSymmetric: false,
      calibrationMethod: "mse",
    } as const;
    for (const [field, value] of Object.entries(changes))
      expect(base.equals(base.with({ [field]: value }))).toBe(false);
  });

  it("changes a copy, never itself", () => {
    const config = new LayerQuantConfig({ weightBits: 4 });
    const changed = config.with({ weightBits: 6, calibrationMethod: "mse" });
    expect(changed.weightBits).toBe(6);
    expect(changed.calibrationMethod).toBe("mse");
    expect(config.weightBits).toBe(4);
    expect(Object.isFrozen(config)).toBe(true);
    expect(changed.with({ calibrationMethod: undefined }).calibrationMethod).toBeUndefined();
  });

  it.each([
    [{ weightBits: 7 }, "weightBits", "7"],
    [{ weightBits: "8" }, "weightBits", '"8"'],
    [{ activationBits: 2 }, "activationBits", "2"],
    [{ weightScheme: "affine" }, "weightScheme", '"affine"'],
    [{ granularity: "per-row" }, "granularity", "per-row"],
    [{ groupSize: 0 }, "groupSize", "0"],
    [{ groupSize: 65_537 }, "groupSize", "65537"],
    [{ groupSize: 1.5 }, "groupSize", "1.5"],
    [{ groupSize: Number.NaN }, "groupSize", "NaN"],
    [{ useSymmetric: 1 }, "useSymmetric", "1"],
    [{ calibrationMethod: "max" }, "calibrationMethod", '"max"'],
    [{ bits: 8 }, "bits", "no field"],
  ])("refuses %j and names the field, the value and what is allowed", (fields, field, part) => {
    const error = errorOf(fields);
    expect(error.path).toBe(field);
    expect(error.message).toContain(part);
    expect(error.message).toContain("allowed:");
  });

  it.each([null, 3, "x", [1]])("fromDict refuses %j", (data) => {
    expect(() => LayerQuantConfig.fromDict(data)).toThrow(InvalidArgumentError);
  });
});
