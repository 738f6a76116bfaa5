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

export default defineConfig({
  entry: {
    index: "src/index.ts",
    ...Object.fromEntries(doors.map((door) => [`${door}/index`, `src/${door}/index.ts`])),
  },
  format: ["esm", "cjs"],
  // tsup 8 sets baseUrl, which TypeScript 6 calls deprecated.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  // One copy of every class for all doors, in CommonJS too: instanceof must hold between them.
  splitting: true,
  clean: true,
  sourcemap: true,
  target: "node20",
  external: ["onnxruntime-node"],
});
