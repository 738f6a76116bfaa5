import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));

/** Rooms from the bottom up. An import goes to a lower line or stays in its room. */
const LAYERS: readonly (readonly string[])[] = [
  ["errors.ts"],
  ["check"],
  ["async", "files"],
  ["simd"],
  ["random", "numeric"],
  ["quantization", "model", "pareto", "surrogate"],
  ["calibration", "search"],
  ["allocation", "genes"],
  ["genome"],
  ["operators", "hardware"],
  ["evaluation", "reconstruction"],
  ["deploy"],
  ["measure"],
  ["formats", "report", "documents"],
  ["engine"],
  ["testing"],
  ["index.ts", "export.ts"],
];

const GENERATED = new Set(["formats/onnx/wire/onnx_pb.ts", "simd/wasm-bytes.ts"]);

/** Files that may use a Node built-in, by dynamic import within a function, and why. */
const NODE_ALLOWED: Readonly<Record<string, string>> = {
  files: "reads and replaces files",
  engine: "keeps and locks checkpoint files",
  formats: "reads model files and loads ONNX Runtime",
  measure: "starts worker processes and threads",
};

/** Files that may look at a clock, and why. */
const CLOCK_ALLOWED: Readonly<Record<string, string>> = {
  "engine/stop/stopwatch.ts":
    "time limits and the estimated time left; no result depends on it but where a run stops",
  "allocation/effort.ts": "the caller's timeLimitMs bounds an exact search",
  "formats/onnx/session/measure-onnx-latency.ts": "a stopwatch is what it is",
  "measure/processes/auto-runner.ts":
    "starts workers when work takes long; decides where, never what",
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** Relative imports and re-exports, types included, as paths within src. */
  readonly imports: readonly string[];
  /** Packages and built-ins imported statically. */
  readonly packages: readonly string[];
}

/** Specifiers of static imports and re-exports, types included, and of dynamic ones. */
function specifiers(text: string): { fixed: string[]; dynamic: string[] } {
  const code = withoutComments(text);
  const fixed = [
    ...code.matchAll(/^\s*(?:import|export)\b[^;'"`]*?\bfrom\s*["']([^"']+)["']/gm),
  ].map((m) => m[1]!);
  fixed.push(...[...code.matchAll(/^\s*import\s*["']([^"']+)["']/gm)].map((m) => m[1]!));
  const dynamic = [...code.matchAll(/\bimport\(\s*["']([^"']+)["']/g)].map((m) => m[1]!);
  return { fixed, dynamic };
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "$1");
}

const files: SourceFile[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => path.split(sep).join("/"))
  // AssemblyScript, another language with the same ending.
  .filter((path) => !path.startsWith("simd/assembly/"))
  .sort()
  .map((path) => {
    const text = readFileSync(join(SRC, path), "utf8");
    const { fixed, dynamic } = specifiers(text);
    const local = [...fixed, ...dynamic].filter((specifier) => specifier.startsWith("."));
    return {
      path,
      text,
      imports: local.map((specifier) =>
        relative(SRC, resolve(dirname(join(SRC, path)), specifier))
          .split(sep)
          .join("/")
          .replace(/\.js$/, ".ts"),
      ),
      packages: fixed.filter((specifier) => !specifier.startsWith(".")),
    };
  });

const roomOf = (path: string): string => path.split("/")[0]!;
const levelOf = (room: string): number => LAYERS.findIndex((layer) => layer.includes(room));

/** What is wrong with an import, or undefined. */
function fault(from: string, to: string): string | undefined {
  const [a, b] = [roomOf(from), roomOf(to)];
  if (levelOf(a) < 0) return `${from}: the room ${a} is in no layer`;
  if (levelOf(b) < 0) return `${from}: imports ${to}, whose room is in no layer`;
  return a === b || levelOf(b) < levelOf(a) ? undefined : `${from} imports ${to}`;
}

/** A way from a file back to itself, if there is one. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

describe("the rules this test is made of", () => {
  it("see every kind of import line", () => {
    const text = [
      'import { a } from "./a.js";',
      'import type { B } from "./b.js";',
      "import {\n  c,\n  type D,\n} from '../c.js';",
      'export { e } from "./e.js";',
      'export type * from "./f.js";',
      'export * from "./g.js";',
      'import "./h.js";',
      'const i = await import("./i.js");',
      '// import { x } from "./x.js";',
      '/* import { y } from "./y.js"; */',
    ].join("\n");
    expect(specifiers(text)).toEqual({
      fixed: ["./a.js", "./b.js", "../c.js", "./e.js", "./f.js", "./g.js", "./h.js"],
      dynamic: ["./i.js"],
    });
  });

  it("tell a good import from a bad one", () => {
    expect(fault("engine/a.ts", "genome/b.ts")).toBeUndefined();
    expect(fault("genome/a.ts", "genome/b.ts")).toBeUndefined();
    expect(fault("genome/a.ts", "engine/b.ts")).toBeDefined();
    expect(fault("formats/a.ts", "documents/b.ts")).toBeDefined();
    expect(fault("operators/a.ts", "evaluation/b.ts")).toBeDefined();
    expect(fault("elsewhere/a.ts", "genome/b.ts")).toBeDefined();
  });

  it("find a circle", () => {
    expect(
      findCircle(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual(["b", "c", "b"]);
    expect(
      findCircle(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["c"]],
          ["c", []],
        ]),
      ),
    ).toBeUndefined();
  });
});

describe("src/", () => {
  it("was read", () => {
    expect(files.length).toBeGreaterThan(40);
    const known = new Set(files.map((file) => file.path));
    const missing = files.flatMap((file) =>
      file.imports.filter((to) => !known.has(to)).map((to) => `${file.path}: ${to}`),
    );
    expect(missing).toEqual([]);
  });

  it("imports downwards, or within a room, types included", () => {
    const faults = files.flatMap((file) => file.imports.map((to) => fault(file.path, to)));
    expect(faults.filter((text) => text !== undefined)).toEqual([]);
  });

  it("has no circle of files, types included", () => {
    expect(findCircle(new Map(files.map((file) => [file.path, file.imports])))).toBeUndefined();
  });

  it("imports no Node built-in statically, and dynamically only where it is allowed", () => {
    const builtIn =
      /^node:|^(fs|path|os|crypto|url|util|worker_threads|buffer|stream|child_process)(\/|$)/;
    for (const file of files) {
      expect(
        file.packages.filter((name) => builtIn.test(name)),
        file.path,
      ).toEqual([]);
      const dynamic = specifiers(file.text).dynamic.filter((name) => builtIn.test(name));
      if (dynamic.length > 0)
        expect(Object.keys(NODE_ALLOWED), file.path).toContain(roomOf(file.path));
    }
  });

  it("reaches no ONNX code and no ONNX Runtime from the main door", () => {
    const graph = new Map(files.map((file) => [file.path, file]));
    const seen = new Set<string>();
    const queue = ["index.ts"];
    for (const path of queue) {
      if (seen.has(path)) continue;
      seen.add(path);
      queue.push(...(graph.get(path)?.imports ?? []));
    }
    expect([...seen].filter((path) => roomOf(path) === "formats")).toEqual([]);
    const packages = new Set([...seen].flatMap((path) => graph.get(path)?.packages ?? []));
    expect([...packages].sort()).toEqual(["seedrandom", "yaml", "zod"]);
  });

  it("needs no test runner, the contract suites included", () => {
    const packages = new Set(files.flatMap((file) => file.packages));
    expect([...packages].filter((name) => /^(vitest|fast-check|node:test)/.test(name))).toEqual([]);
  });

  it("draws from no clock and no unseeded generator", () => {
    const forbidden =
      /\bMath\.random\b|\bDate\.now\b|\bnew Date\b|\bperformance\.now\b|\bprocess\.hrtime\b/;
    const found = files
      .filter((file) => forbidden.test(withoutComments(file.text)) && !(file.path in CLOCK_ALLOWED))
      .map((file) => file.path);
    expect(found).toEqual([]);
  });

  it("keeps files short", () => {
    const long = files
      .filter((file) => !GENERATED.has(file.path) && file.text.split("\n").length > 450)
      .map((file) => file.path);
    expect(long).toEqual([]);
  });

  it("suppresses nothing without a reason", () => {
    for (const file of files) {
      if (GENERATED.has(file.path)) continue;
      expect(file.text, file.path).not.toMatch(/@ts-(ignore|nocheck|expect-error)/);
      expect(file.text, file.path).not.toMatch(/biome-ignore [^\n:]*:\s*(?:\n|$)/);
    }
  });
});
