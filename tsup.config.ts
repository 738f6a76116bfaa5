import { defineConfig } from "tsup";

const doors = [
  "quantization",
  "calibration",
  "pareto",
  "allocation",
  "evaluation",
  "hardware",
  "onnx",
  "export",
];

const entry = {
  index: "src/index.ts",
  ...Object.fromEntries(doors.map((door) => [`${door}/index`, `src/${door}/index.ts`])),
};

export default defineConfig({
  // The last two are no doors: workers load them; src/onnx/workers/worker-file.ts looks for them beside quantevo/onnx.
  entry: {
    ...entry,
    "onnx/worker": "src/onnx/workers/worker.ts",
    "onnx/thread-worker": "src/onnx/workers/thread-worker.ts",
  },
  format: ["esm", "cjs"],
  // tsup 8 sets baseUrl, which TypeScript 6 calls deprecated.
  dts: { entry, compilerOptions: { ignoreDeprecations: "6.0" } },
  // One copy of every class for all doors, in CommonJS too: instanceof must hold between them.
  splitting: true,
  // import.meta.url in CommonJS.
  shims: true,
  clean: true,
  sourcemap: true,
  target: "node20",
  external: ["onnxruntime-node"],
});
