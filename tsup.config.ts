import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { defineConfig } from "tsup";
import entry from "./entry-points.json" with { type: "json" };

export default defineConfig({
  // The last three are no entry points: workers load them. worker-file.ts looks for them beside
  // quantevo/onnx.
  entry: {
    ...entry,
    "onnx/worker": "src/formats/onnx/session/worker.ts",
    "onnx/session-worker": "src/formats/onnx/session/session-worker.ts",
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
  // Maps without the sources: a stack trace under --enable-source-maps names file and line in src/
  // of the repository, and the package stays small.
  sourcemap: true,
  esbuildOptions: (options) => {
    options.sourcesContent = false;
  },
  plugins: [
    {
      // tsup writes the absolute path of each CommonJS file into its map, twice.
      name: "maps-without-absolute-paths",
      buildEnd: async ({ writtenFiles }) => {
        for (const { name } of writtenFiles.filter((file) => file.name.endsWith(".cjs.map"))) {
          const map = JSON.parse(await readFile(name, "utf8"));
          const sources = map.sources.map((source: string) => source.replace(/^\/.*\//, ""));
          await writeFile(name, JSON.stringify({ ...map, file: basename(map.file), sources }));
        }
      },
    },
  ],
  target: "node20",
  external: ["onnxruntime-node", "onnxruntime-web"],
});
