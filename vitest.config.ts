import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import entryPoints from "./entry-points.json" with { type: "json" };

export default defineConfig({
  resolve: {
    alias: Object.entries(entryPoints).map(([name, path]) => ({
      find: new RegExp(`^quantevo${name === "index" ? "" : `/${name.replace(/\/index$/, "")}`}$`),
      replacement: fileURLToPath(new URL(path, import.meta.url)),
    })),
  },
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    maxWorkers: 2,
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/formats/onnx/wire/onnx_pb.ts", "src/simd/assembly/**"],
      reporter: ["text-summary", "json-summary"],
      thresholds: { lines: 90 },
    },
  },
});
