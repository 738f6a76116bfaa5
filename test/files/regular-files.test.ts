import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { lstat, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileError } from "../../src/errors.js";
import { readRegularFile } from "../../src/files/read-regular-file.js";
import { writeFileAtomically } from "../../src/files/write-file-atomically.js";
import { loadOnnxModel } from "../../src/formats/onnx/read/load-onnx-model.js";
import { QuantizationEvolutionEngine } from "../../src/index.js";
import { SMALL_RUN, TINY_LAYERS } from "../engine/fakes.js";

/** Windows has neither FIFOs nor device files by name. */
const onPosix = process.platform !== "win32";

let folder: string;
let fifo: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantevo-files-"));
  fifo = join(folder, "fifo");
  if (onPosix) execFileSync("mkfifo", [fifo]);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const refused = (what: string) =>
  expect.objectContaining({ code: "IO", message: expect.stringContaining(what) });

describe("reading a regular file", () => {
  it("gives its bytes, by a path, a URL or a link", async () => {
    const path = join(folder, "file");
    await writeFile(path, "0123456789");
    await symlink(path, join(folder, "link"));
    for (const source of [path, pathToFileURL(path), join(folder, "link")])
      expect(new TextDecoder().decode(await readRegularFile(source, 10))).toBe("0123456789");
  });

  it("compares the size before the content", async () => {
    const path = join(folder, "file");
    await writeFile(path, "0123456789");
    await expect(readRegularFile(path, 9)).rejects.toEqual(refused("10 bytes; allowed: at most 9"));
  });

  it("refuses a folder", async () => {
    await expect(readRegularFile(folder, 9)).rejects.toEqual(refused("is a folder"));
  });

  it.runIf(onPosix)("refuses a FIFO that nobody writes, and a device without an end", async () => {
    await expect(readRegularFile(fifo, 9)).rejects.toEqual(refused("is a FIFO"));
    await expect(readRegularFile("/dev/zero", 9)).rejects.toEqual(refused("is a device"));
  });
});

describe.runIf(onPosix)("a FIFO or device in the place of a file", () => {
  it("is no model", async () => {
    for (const path of [fifo, "/dev/zero"])
      await expect(loadOnnxModel(path)).rejects.toBeInstanceOf(FileError);
  });

  it("is no checkpoint, whether it would be read or replaced", async () => {
    for (const path of [fifo, "/dev/zero", folder])
      for (const resume of ["if-found", "never"] as const) {
        const engine = new QuantizationEvolutionEngine(SMALL_RUN);
        const run = engine.runEvolution(TINY_LAYERS, { checkpoint: { path, resume } });
        await expect(run).rejects.toMatchObject({ code: "IO", path });
      }
    expect((await lstat("/dev/zero")).isCharacterDevice()).toBe(true);
    expect(existsSync("/dev/zero.lock")).toBe(false);
  });

  it("is not replaced by a document", async () => {
    await expect(writeFileAtomically(fifo, "text")).rejects.toEqual(refused("is a FIFO"));
    expect((await lstat(fifo)).isFIFO()).toBe(true);
  });
});

describe("a link that leads to nothing", () => {
  it("is replaced: nothing is written where it points", async () => {
    const [link, target] = [join(folder, "link"), join(folder, "target")];
    await symlink(target, link);
    await writeFileAtomically(link, Uint8Array.of(1, 2));
    expect([...(await readFile(link))]).toEqual([1, 2]);
    expect((await lstat(link)).isFile()).toBe(true);
    await rm(link);
    await symlink(target, link);
    const engine = new QuantizationEvolutionEngine(SMALL_RUN);
    const { checkpoint } = await engine.runEvolution(TINY_LAYERS, { checkpoint: link });
    expect(checkpoint).toMatchObject({ failedWrites: 0, complete: true });
    expect((await lstat(link)).isFile()).toBe(true);
    expect(existsSync(target)).toBe(false);
  });
});
