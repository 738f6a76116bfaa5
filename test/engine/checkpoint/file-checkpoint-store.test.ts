import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileCheckpointStore } from "../../../src/engine/checkpoint/file-checkpoint-store.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantevo-store-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("fileCheckpointStore", () => {
  it("keeps what is written and added, and leaves no other file", async () => {
    const path = join(folder, "checkpoint");
    const store = fileCheckpointStore(path);
    expect(await store.read()).toBeUndefined();
    await store.write("first\n");
    await store.append!("zweite ä\n");
    await store.append!("third\n");
    expect(await readFile(path, "utf8")).toBe("first\nzweite ä\nthird\n");
    const other = fileCheckpointStore(path);
    expect(await other.read()).toBe("first\nzweite ä\nthird\n");
    await other.append!("fourth\n");
    await other.write("new\n");
    await other.append!("more\n");
    expect(await readFile(path, "utf8")).toBe("new\nmore\n");
    expect(await readdir(folder)).toEqual(["checkpoint"]);
  });

  it("does not add to a file that another program changed", async () => {
    const path = join(folder, "checkpoint");
    const store = fileCheckpointStore(path);
    await store.write("first\n");
    await writeFile(path, "first\nfrom elsewhere\n");
    await expect(store.append!("second\n")).rejects.toMatchObject({ code: "IO", path });
    expect(await readFile(path, "utf8")).toBe("first\nfrom elsewhere\n");
    await truncate(path, 2);
    await expect(store.append!("second\n")).rejects.toThrow("another program changed it");
    await rm(path);
    await expect(store.append!("second\n")).rejects.toMatchObject({ code: "IO" });
  });

  it("does not add to another run's file that took its place, though it is as long", async () => {
    const path = join(folder, "checkpoint");
    const first = fileCheckpointStore(path);
    const second = fileCheckpointStore(path);
    await first.write("run 1\n");
    await second.write("run 2\n");
    await expect(first.append!("more of 1\n")).rejects.toMatchObject({
      code: "IO",
      path,
      message: expect.stringContaining("another run's checkpoint is in its place"),
    });
    await second.append!("more of 2\n");
    expect(await readFile(path, "utf8")).toBe("run 2\nmore of 2\n");
  });

  it("says what cannot be read or written", async () => {
    const file = join(folder, "file");
    await writeFile(file, "x");
    const below = fileCheckpointStore(join(file, "checkpoint"));
    expect(await below.read()).toBeUndefined();
    await expect(below.write("x")).rejects.toMatchObject({ code: "IO" });
    await mkdir(join(folder, "directory"));
    const directory = fileCheckpointStore(join(folder, "directory"));
    await expect(directory.read()).rejects.toMatchObject({ code: "IO" });
    await expect(directory.write("x")).rejects.toMatchObject({ code: "IO" });
    const nowhere = fileCheckpointStore(join(folder, "no", "checkpoint"));
    await expect(nowhere.read()).rejects.toThrow(/there is no folder .*no$/);
    await expect(nowhere.write("x")).rejects.toMatchObject({ code: "IO" });
    expect((await readdir(folder)).sort()).toEqual(["directory", "file"]);
  });
});
