import { defineConfig } from "tsup";
import entry from "./entry-points.json" with { type: "json" };

export default defineConfig({
  // The last two are no entry points: workers load them. worker-file.ts looks for them beside
  // quantevo/onnx.
  entry: {
    ...entry,
    "onnx/worker": "src/formats/onnx/session/worker.ts",
    "onnx/thread-worker": "src/measure/threads/thread-worker.ts",
  },
  format: ["esm", "cjs"],
  // tsup 8 sets baseUrl, which TypeScript 6 calls deprecated.
  dts: { entry, compilerOptions: { ignoreDeprecations: "6.0" } },
  // One copy of every class for all entry points, in CommonJS too: instanceof must hold between
  // them.
  splitting: true,
  // import.meta.url in CommonJS.
  shims: true,
  clean: true,
  sourcemap: true,
  target: "node20",
  external: ["onnxruntime-node"],
});
