import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MissingDependencyError } from "../../../../src/errors.js";
import { loadOnnxModel, quantizeOnnx } from "../../../../src/formats/onnx/index.js";
import { loadOnnxRuntime } from "../../../../src/formats/onnx/session/ort-session.js";
import {
  checkRuntimeVersion,
  RUNTIME_VERSIONS,
} from "../../../../src/formats/onnx/session/runtime-version.js";

const json = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../../../${path}`, import.meta.url), "utf8"));

/** A module with the interface of ONNX Runtime, which notes what it is asked. */
function fakeRuntime(versions: Record<string, string> | undefined) {
  const asked: unknown[] = [];
  let running = 0;
  const alone = async <T>(result: T): Promise<T> => {
    if (running > 0) throw new Error("Session already started");
    running++;
    await new Promise((resolve) => setTimeout(resolve, 2));
    running--;
    return result;
  };
  const session = {
    run: () => alone({ y: { type: "float32", data: Float32Array.of(1), dims: [1] } }),
    release: () => alone(undefined),
  };
  const wasm: { numThreads?: number } = {};
  return {
    asked,
    Tensor: class {},
    InferenceSession: {
      create: (_: unknown, options: unknown) => {
        asked.push(options);
        return alone(session);
      },
    },
    env: { ...(versions && { versions }), wasm },
  };
}

const load = (versions: Record<string, string> | undefined, more: object = {}) =>
  loadOnnxRuntime({ importRuntime: async () => fakeRuntime(versions), ...more });

describe("the versions of ONNX Runtime that work", () => {
  const { from, below } = RUNTIME_VERSIONS;

  it("are those that the package states and the tests run", () => {
    const { peerDependencies, peerDependenciesMeta, devDependencies } = json("package.json");
    const runtimes = json("test/runtimes/package.json").dependencies;
    for (const name of ["onnxruntime-node", "onnxruntime-web"]) {
      expect(peerDependencies[name]).toBe(`>=${from} <${below}`);
      expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    }
    expect(runtimes["onnxruntime-node-lowest"]).toBe(`npm:onnxruntime-node@${from}`);
    expect(runtimes["onnxruntime-web"]).toBe(devDependencies["onnxruntime-node"]);
    expect(() =>
      checkRuntimeVersion("onnxruntime-node", devDependencies["onnxruntime-node"]),
    ).not.toThrow();
  });

  it.each([from, "1.24.2-dev.20260101", "1.25.0", "1.30.0", "1.100.0"])(
    "%s passes",
    async (node) => {
      expect((await load({ node })).description).toContain(`ONNX Runtime ${node}, `);
      expect((await load({ web: node })).description).toContain(`ONNX Runtime Web ${node}, `);
    },
  );

  it.each(["1.23.2", "1.20.0", "1.24.0-dev.20260114", "0.9.9", "2.0.0", "10.0.0"])(
    "%s is refused, with what is allowed",
    async (node) => {
      const error = await load({ node }).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(MissingDependencyError);
      expect(error).toMatchObject({
        path: "onnxruntime-node",
        message:
          `onnxruntime-node is version ${node}; allowed: ${from} or later, below ${below}. ` +
          `Install one: npm install onnxruntime-node@^${from}`,
      });
      await expect(load({ web: node })).rejects.toThrow(`onnxruntime-web is version ${node};`);
    },
  );

  afterEach(() => {
    vi.doUnmock("onnxruntime-node");
    vi.doUnmock("onnxruntime-web");
  });

  it("an installed package without a version is too old; a module of the user's may say none", async () => {
    vi.doMock("onnxruntime-node", () => ({ ...fakeRuntime(undefined), default: undefined }));
    await expect(loadOnnxRuntime()).rejects.toThrow(
      /onnxruntime-node is version 1.15 or older; allowed: /,
    );
    expect((await load(undefined)).description).toBe("ONNX Runtime, graph optimization all");
  });
});

describe("runtime", () => {
  it('"web" loads onnxruntime-web, with WebAssembly, one action at a time', async () => {
    const fake = fakeRuntime({ web: "1.30.0" });
    vi.doMock("onnxruntime-web", () => ({ ...fake, default: undefined }));
    const runtime = await loadOnnxRuntime({ runtime: "web" });
    expect(runtime.description).toBe("ONNX Runtime Web 1.30.0, graph optimization all");
    const other = await loadOnnxRuntime({ runtime: "web", intraOpNumThreads: 3 });
    // Settled with the first runtime.
    expect(fake.env.wasm.numThreads).toBe(1);
    const sessions = await Promise.all([
      runtime.open({ bytes: new Uint8Array(1) }),
      other.open({ bytes: new Uint8Array(1) }),
    ]);
    const outputs = await Promise.all(sessions.map((session) => session.run({}, ["y"])));
    expect(outputs.map((output) => output.get("y")?.data)).toEqual([
      Float32Array.of(1),
      Float32Array.of(1),
    ]);
    await Promise.all(sessions.map((session) => session.release()));
    expect(fake.asked[0]).toMatchObject({ executionProviders: ["wasm"] });
    vi.doUnmock("onnxruntime-web");
  });

  it("says how to install what is missing", async () => {
    const absent = () =>
      Promise.reject(Object.assign(new Error("absent"), { code: "ERR_MODULE_NOT_FOUND" }));
    await expect(loadOnnxRuntime({ runtime: "web", importRuntime: absent })).rejects.toThrow(
      /^onnxruntime-web is not installed; .* Install it: npm install onnxruntime-web$/,
    );
    await expect(loadOnnxRuntime({ importRuntime: absent })).rejects.toThrow(
      /npm install onnxruntime-node, or onnxruntime-web with the option runtime: "web"$/,
    );
  });

  it("has two names, wherever it is given", async () => {
    const wrong = { runtime: "wasm" as never };
    const message = 'runtime is "wasm"; allowed: node, web';
    await expect(loadOnnxRuntime(wrong)).rejects.toThrow(message);
    const path = new URL("../../../../examples/model/model.onnx", import.meta.url);
    const model = await loadOnnxModel(path);
    await expect(quantizeOnnx(model, {} as never, wrong)).rejects.toThrow();
  });

  it("that gives fewer outputs than asked for is a typed error", async () => {
    const session = await (await load(undefined)).open({ bytes: new Uint8Array(1) });
    await expect(session.run({}, ["y", "z"])).rejects.toMatchObject({
      code: "EVALUATION_FAILED",
      message: 'ONNX Runtime gave no output "z"',
    });
  });
});
