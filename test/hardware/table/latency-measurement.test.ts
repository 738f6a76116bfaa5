import { describe, expect, it } from "vitest";
import { InvalidDocumentError } from "../../../src/errors.js";
import { fitHardwareProfile } from "../../../src/hardware/fit/fit-hardware-profile.js";
import { parseMeasurementTable } from "../../../src/hardware/table/latency-measurement.js";
import { intelVnniOnnxRuntime } from "../../../src/hardware/targets/intel-vnni-onnx-runtime.js";

const layer = (name: string, inputs?: string[]) => ({
  name,
  kind: "matmul",
  parameterCount: 4096,
  macs: 262_144,
  inputShape: [1, 64, 64],
  outputShape: [1, 64, 64],
  ...(inputs && { inputs }),
});

const table = {
  schemaVersion: 1,
  device: "a board",
  runtime: "a runtime 1.0",
  models: [
    { name: "net", layers: [layer("a", []), layer("__proto__", ["a"])], floatParameterCount: 64 },
    { name: "other", layers: [{ ...layer("a"), followedBy: ["Gelu"] }] },
  ],
  measurements: [
    {
      model: "net",
      settings: { weightBits: 32, activationBits: 32 },
      latencyMs: 1.5,
      spreadMs: 0.1,
    },
    {
      name: "mixed",
      model: "net",
      settings: { weightBits: 8, activationBits: 8 },
      layers: JSON.parse('{"__proto__": {"weightBits": 4, "activationBits": 16}}'),
      latencyMs: 1,
      group: "net",
    },
    { model: "net", layer: "__proto__", settings: {}, latencyMs: 0.4 },
  ],
};

describe("parseMeasurementTable", () => {
  it("reads models, settings and single layers", () => {
    const { device, runtime, measurements } = parseMeasurementTable(JSON.stringify(table));
    expect([device, runtime]).toEqual(["a board", "a runtime 1.0"]);
    const [float, mixed, single] = measurements;
    expect(float).toMatchObject({ name: "net #0", latencyMs: 1.5, spreadMs: 0.1, scope: "model" });
    expect(float?.genome.layerConfigs.get("a")?.weightBits).toBe(32);
    expect(float?.model).toMatchObject({ name: "net", source: "user", floatParameterCount: 64 });
    expect(float?.model).toBe(mixed?.model);
    expect(mixed).toMatchObject({ name: "mixed", group: "net" });
    expect(mixed?.genome.layerConfigs.get("a")?.weightBits).toBe(8);
    expect(mixed?.genome.layerConfigs.get("__proto__")?.activationBits).toBe(16);
    expect(single).toMatchObject({ name: "net/__proto__ #2", scope: "layer" });
    expect(single?.model.layers).toEqual([{ ...layer("__proto__"), inputs: [] }]);
    const fit = fitHardwareProfile(measurements, { profile: intelVnniOnnxRuntime });
    expect(fit.after.predictedMs).toHaveLength(3);
  });

  it("names the field at fault", () => {
    const cases: [unknown, string, RegExp][] = [
      ["{", "", /not JSON/],
      [{ ...table, schemaVersion: 2 }, "schemaVersion", /expected 1/],
      [{ ...table, measurements: [] }, "measurements", /./],
      [{ ...table, models: [table.models[0], table.models[0]] }, "models.1.name", /taken/],
      [with0({ model: "none" }), "measurements.0.model", /no model "none"/],
      [with0({ layer: "none" }), "measurements.0.layer", /no layer "none"/],
      [with0({ layers: { none: {} } }), "measurements.0.layers.none", /no such layer/],
      [with0({ settings: undefined }), "measurements.0.settings", /missing/],
      [with0({ settings: { weightBits: 7 } }), "measurements.0.settings", /weightBits is 7/],
      [with0({ layers: { a: { typo: 1 } } }), "measurements.0.layers.a", /typo/],
      [with0({ latencyMs: 0 }), "measurements.0.latencyMs", /./],
      [with0({ latencyMs: Number.POSITIVE_INFINITY }), "measurements.0.latencyMs", /./],
      [{ ...table, models: [{ name: "net", layers: [layer("a", ["b"])] }] }, "models.0", /./],
    ];
    for (const [data, path, message] of cases) {
      let thrown: unknown;
      try {
        parseMeasurementTable(data);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, path).toBeInstanceOf(InvalidDocumentError);
      expect((thrown as InvalidDocumentError).path).toBe(path);
      expect((thrown as InvalidDocumentError).message).toMatch(message);
    }
  });
});

function with0(patch: object): unknown {
  const [first, ...rest] = table.measurements;
  return { ...table, measurements: [{ ...first, ...patch }, ...rest] };
}
