import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generatePixels } from "../examples/model/generate-data.js";
import { parseArchive, parseQuantizationConfig } from "../src/export.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bytes as a .npy file of version 1.0. */
function npy(data: Uint8Array, shape: readonly number[]): Buffer {
  const tuple = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': ${tuple}, }`;
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`;
  const lead = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  return Buffer.concat([lead, Buffer.from(padded, "latin1"), data]);
}

// The whole job as a user runs it: a model and .npy files in, a quantized model and a report out.
describe("examples/quantize-onnx.ts", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "quantevo-quantize-"));
    for (const [name, count] of [
      ["calibration", 128],
      ["test", 200],
    ] as const) {
      const { pixels, labels } = generatePixels({ count, seed: `quantize-onnx ${name}` });
      await writeFile(join(folder, `${name}-images.npy`), npy(pixels, [count, 1, 28, 28]));
      await writeFile(join(folder, `${name}-labels.npy`), npy(labels, [count]));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const quantize = async (out: string, ...more: string[]) => {
    const file = (name: string) => join(folder, name);
    const options = [
      ["--model", join(root, "examples/model/model.onnx")],
      ["--calibration-inputs", file("calibration-images.npy")],
      ["--calibration-labels", file("calibration-labels.npy")],
      ["--test-inputs", file("test-images.npy")],
      ["--test-labels", file("test-labels.npy")],
      ["--scale", "255", "--max-drop", "0.02", "--calibration-samples", "64", "--batch-size", "64"],
      ["--population", "8", "--generations", "2", "--out", file(out)],
    ].flat();
    const script = [
      "--import",
      "tsx",
      join(root, "examples/quantize-onnx.ts"),
      ...options,
      ...more,
    ];
    return (await promisify(execFile)("node", script, { cwd: root })).stdout;
  };

  it(
    "finds, writes and reports; the written file agrees with the report; one seed gives one " +
      "archive",
    async () => {
      const text = await quantize("one", "--parallel", "1");
      expect(text).toMatch(/float32 on 128 calibration samples: top-1 0\.9\d+ \(measured\)/);
      expect(text).toContain("no uniform baseline dominates any genome of the front");
      for (const name of [
        "float32",
        "uniform INT8",
        "uniform INT4",
        "uniform INT2",
        "chosen by quantevo",
      ])
        expect(text).toMatch(new RegExp(`^${name} +0\\.\\d{4} +\\d+\\.\\d\\dx +\\d+$`, "m"));
      const reported = Number(/quantized (0\.\d+)/.exec(text)?.[1]);
      const alone = Number(/in ONNX Runtime alone: top-1 (0\.\d+) \(measured\)/.exec(text)?.[1]);
      expect(Math.abs(reported - alone)).toBeLessThanOrEqual(0.003);

      const [archive, again] = [
        await readFile(join(folder, "one/archive.json"), "utf8"),
        await quantize("two", "--parallel", "4"),
      ];
      expect(again).toContain("wrote");
      expect(await readFile(join(folder, "two/archive.json"), "utf8")).toBe(archive);
      expect(await readFile(join(folder, "two/model.quantized.onnx"))).toEqual(
        await readFile(join(folder, "one/model.quantized.onnx")),
      );
      expect(parseArchive(archive).genomes.length).toBeGreaterThan(1);
      const chosen = parseQuantizationConfig(
        await readFile(join(folder, "one/model.quantized.json"), "utf8"),
      );
      expect(chosen.metrics?.accuracyKind).toBe("measured");
      const document = await readFile(join(folder, "one/model.quantized.json"), "utf8");
      const { layers } = JSON.parse(document) as {
        layers: { weight?: { scale: number[] }; activation?: object }[];
      };
      for (const layer of layers) expect(layer.weight?.scale.length).toBeGreaterThan(0);
      expect(layers.some(({ activation }) => activation !== undefined)).toBe(true);
      expect(chosen.metrics?.accuracyMetricValue).toBeCloseTo(reported, 4);
    },
  );

  it("explains itself", async () => {
    await expect(
      promisify(execFile)("node", ["--import", "tsx", join(root, "examples/quantize-onnx.ts")], {
        cwd: root,
      }),
    ).rejects.toMatchObject({
      code: 2,
      stdout: expect.stringContaining("usage:"),
    });
  });
});
