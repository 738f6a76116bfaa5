import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { GENERATOR } from "../../src/documents/generator.js";
import { FileError, InvalidArgumentError } from "../../src/errors.js";
import { exportToString, writeQuantizationConfig } from "../../src/export.js";
import { QuantizationGenome } from "../../src/genome/quantization-genome.js";

const genome = new QuantizationGenome({ layerConfigs: { a: { weightBits: 4 } } });
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantevo-export-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("writeQuantizationConfig", () => {
  it("writes the document, by the ending or as told, and leaves nothing beside it", async () => {
    await writeFile(
      join(folder, "a.json"),
      "something older and longer than the document".repeat(100),
    );
    await writeQuantizationConfig(genome, join(folder, "a.json"), undefined, { target: "arm-dot" });
    await writeQuantizationConfig(genome, join(folder, "a.yml"));
    await writeQuantizationConfig(genome, join(folder, "a.txt"), "yaml");
    const read = (name: string) => readFile(join(folder, name), "utf8");
    expect(await read("a.json")).toBe(exportToString(genome, "json", { target: "arm-dot" }));
    expect(await read("a.yml")).toBe(exportToString(genome, "yaml"));
    expect(await read("a.txt")).toBe(exportToString(genome, "yaml"));
    expect((await readdir(folder)).sort()).toEqual(["a.json", "a.txt", "a.yml"]);
  });

  it("says which file cannot be written", async () => {
    const path = join(folder, "missing", "a.json");
    const refused = writeQuantizationConfig(genome, path);
    await expect(refused).rejects.toBeInstanceOf(FileError);
    await expect(refused).rejects.toMatchObject({ path });
    await expect(writeQuantizationConfig(genome, folder)).rejects.toBeInstanceOf(FileError);
    await expect(writeQuantizationConfig(genome, "")).rejects.toBeInstanceOf(InvalidArgumentError);
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("names the version of the package", () => {
    expect(GENERATOR).toEqual({ name: packageJson.name, version: packageJson.version });
  });
});
