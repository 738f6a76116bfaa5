import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import entryPoints from "../../entry-points.json" with { type: "json" };
import { codeBlocks, withImports, writeBlocks } from "./code-blocks.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "out", "docs");

/** Names that the entry points export, each with the first that does. */
const exported = new Map(
  Object.entries(entryPoints)
    .toReversed()
    .flatMap(([name, path]) => {
      const specifier = `quantevo/${name}`.replace(/\/index$/, "");
      const lists = readFileSync(join(root, path), "utf8").matchAll(
        /export (?:type )?\{([^}]*)\}/g,
      );
      return [...lists]
        .flatMap(([, list]) => list!.match(/\w+(?=,|\s*$)/gm) ?? [])
        .map((value) => [value, specifier] as const);
    }),
);

/** What a source exports, as a block would import it: for examples of what is not public. */
const ownExports = (name: string, text: string): (readonly [string, string])[] =>
  [...text.matchAll(/^export (?:async )?(?:function|const|class) (\w+)/gm)].map(
    ([, value]) => [value!, `./src/${name.replace(/\.ts$/, ".js")}`] as const,
  );

/** What the fragments of the pages use without defining it. */
const PRELUDE = `
import type * as quantevo from "quantevo";
import type * as onnx from "quantevo/onnx";
import type * as quantization from "quantevo/quantization";
import type * as fs from "node:fs/promises";

declare global {
  const readFile: typeof fs.readFile;
  // A page has either, an example of one call mostly a ModelSpec.
  const model: onnx.OnnxModel & quantevo.ModelSpec;
  const batches: onnx.Batch[];
  const calibrationBatches: onnx.Batch[];
  const runMyModel: (genome: quantevo.QuantizationGenome) => Promise<number>;
  const images: Float32Array;
  const labels: number[];
  const count: number;
  const evaluator: quantevo.AccuracyEvaluator;
  const engine: quantevo.QuantizationEvolutionEngine;
  const config: quantevo.QuantizationEvolutionConfig;
  const layers: string[];
  const genome: quantevo.QuantizationGenome;
  const genomeA: quantevo.QuantizationGenome;
  const genomeB: quantevo.QuantizationGenome;
  const myProfile: quantevo.HardwareProfile;
  const resultOfSeed1: quantevo.EvolutionResult;
  const resultOfSeed2: quantevo.EvolutionResult;
  const memory: quantization.SharedMemory;
  const byteOffset: number;
  const length: number;
  const ordinaryWeights: Float32Array;
  const params: quantevo.QuantizationParams;
  const text: string;
}
`;

const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
].map((path) => ({ path, blocks: codeBlocks(readFileSync(join(root, path), "utf8")) }));

const code = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(root, "src", name), "utf8") }));

/**
 * Sources whose doc comments have examples. Those of src/testing/ are about the reader's own
 * evaluators and methods, which nothing here defines.
 */
const sources = code
  .filter(({ name }) => !/^(testing|simd\/assembly)\b/.test(name))
  .map(({ name, text }) => ({
    path: `src/${name}`,
    // What is left are the comments, without their stars; lines keep their numbers.
    blocks: withImports(
      codeBlocks(text.replace(/^ *(\* ?|(?! *\*).*)/gm, "")),
      new Map([...ownExports(name, text), ...exported]),
    ),
  }))
  .filter(({ blocks }) => blocks.length > 0);

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const written = [...pages, ...sources].map(({ path, blocks }) => {
  const files = writeBlocks(blocks, { root, folder: join(out, path) });
  return { path, files: files.map((file, i) => ({ file, ...blocks[i]! })) };
});

/** What people call first. The engine and genomes have their examples in README. */
const CALLED_FIRST = [
  ...["LayerQuantConfig", "QuantizationEvolutionEngine", "QuantizationGenome"],
  ...["allocationFront", "archiveToString", "calibrate", "costModelFor", "createObserver"],
  ...["createOnnxEvaluator", "exportToString", "fakeQuantize", "hypervolume"],
  ...["loadHardwareProfile", "loadOnnxModel", "measureOnnxLatency", "mergeArchives"],
  ...["nonDominatedSort", "packBits", "paretoFrontSvg", "parseQuantizationConfig"],
  ...["quantizationError", "quantize", "quantizeOnnx", "referenceWorkload", "solveAllocation"],
];

describe("the functions that people call first", () => {
  it.each(CALLED_FIRST)("%s has an @example", (name) => {
    const declaration = new RegExp(
      `\\*/\\n(?:// biome-ignore[^\\n]*\\n)?export (?:(async )?function|class) ${name}\\b`,
    );
    const comments = code
      .filter(({ text }) => declaration.test(text))
      .map(({ text }) => text.slice(0, declaration.exec(text)!.index))
      .map((before) => before.slice(before.lastIndexOf("/**")));
    const example = / \* @example\n \* ```ts( fragment)?\n \* import \{/;
    expect(comments.some((comment) => example.test(comment))).toBe(true);
  });
});

describe("the code of the pages", () => {
  it("compiles, fragments included", () => {
    writeFileSync(join(out, "prelude.d.ts"), PRELUDE);
    writeFileSync(
      join(out, "tsconfig.json"),
      JSON.stringify({
        extends: "../../tsconfig.json",
        compilerOptions: {
          rootDir: "../..",
          noUnusedLocals: false,
          noUnusedParameters: false,
          verbatimModuleSyntax: false,
        },
        include: ["**/*.ts"],
        exclude: [],
      }),
    );
    let errors = "";
    try {
      execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", out], { cwd: root });
    } catch (error) {
      errors = String((error as { stdout: Buffer }).stdout);
    }
    expect(errors).toBe("");
  });

  describe("runs", () => {
    const before = process.cwd();
    let folder = "";
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "quantevo-docs-"));
      process.chdir(folder); // some write files
      vi.spyOn(console, "log").mockImplementation(() => {});
    });
    afterAll(() => {
      vi.restoreAllMocks();
      process.chdir(before);
      rmSync(folder, { recursive: true, force: true });
    });
    for (const { path, files } of written)
      for (const { file, line } of files.filter((one) => one.runs && one.path === undefined))
        it(`${path}:${line}`, async () => {
          await import(file);
        });
  });
});

// Tests of the recipes register their own tests here, as they would in the tree.
for (const { path, files } of written)
  for (const { file, path: place } of files)
    if (place?.endsWith(".test.ts") === true)
      describe(`${path}: ${place}`, async () => {
        await import(file);
      });
