// Checks the tarball that npm would publish: publint, attw, its list of files, and that ESM and CJS
// consumers in a clean folder can import every entry point of it. Needs `npm run build` first.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const entryPoints = Object.keys(manifest.exports).filter((name) => name !== "./package.json");
const run = (command, args, options = {}) =>
  execFileSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
  });
/** Without doc comments, whose examples import what the reader has. */
const withoutComments = (text) => text.replace(/\/\*[\s\S]*?\*\//g, "");
let checks = 0;
const check = (condition, message) => {
  if (!condition) throw new Error(`package check failed: ${message}`);
  checks++;
};

// attw passes a package without any types, so their presence comes first.
for (const entryPoint of entryPoints)
  for (const way of ["import", "require"])
    for (const file of Object.values(manifest.exports[entryPoint][way]))
      check(existsSync(join(root, file)), `${file} of ${entryPoint} is missing; run npm run build`);

const work = mkdtempSync(join(tmpdir(), "quantevo-package-"));
try {
  const [packed] = JSON.parse(
    run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work]),
  );
  const tarball = join(work, packed.filename);
  const names = packed.files.map((file) => file.path);
  for (const name of ["README.md", "LICENSE", "NOTICE", "CHANGELOG.md"])
    check(names.includes(name), `${name} is in the tarball`);
  const single = ["README.md", "CHANGELOG.md", "LICENSE", "NOTICE", "package.json"];
  check(
    names.every((name) => single.includes(name) || /^(dist|docs|examples)\//.test(name)),
    `only dist, docs, examples and the notices are published, got ${names.join(", ")}`,
  );
  // The compiled schema of ONNX asks for its licence.
  const notice = readFileSync(join(root, "NOTICE"), "utf8");
  const needed = ["src/formats/onnx/wire/onnx_pb.ts", "Apache License", "9. Accepting Warranty"];
  for (const text of needed) check(notice.includes(text), `NOTICE has "${text}"`);
  // Source maps lead to lines of the repository. They hold no second copy of the source, and no
  // path of the machine that built them.
  for (const name of names.filter((file) => file.endsWith(".map"))) {
    const map = JSON.parse(readFileSync(join(root, name), "utf8"));
    check(map.sourcesContent === undefined, `${name} holds no sources`);
    check(
      [map.file ?? "", ...map.sources].every((source) => !isAbsolute(source)),
      `${name} has no absolute path`,
    );
  }
  const mostPacked = 1.7e6;
  check(packed.size <= mostPacked, `the tarball has ${packed.size} bytes; at most ${mostPacked}`);
  process.stdout.write(
    `tarball: ${(packed.size / 1e6).toFixed(2)} MB packed, ` +
      `${(packed.unpackedSize / 1e6).toFixed(2)} MB unpacked\n`,
  );

  // A type that comes from a package without types of its own breaks consumers that check
  // libraries.
  for (const name of names.filter((file) => /\.d\.c?ts$/.test(file)))
    for (const [, specifier] of withoutComments(readFileSync(join(root, name), "utf8")).matchAll(
      /from ['"]([^'".][^'"]*)['"]/g,
    ))
      check(
        ["zod", "yaml"].includes(specifier) || specifier.startsWith("@bufbuild/protobuf"),
        `${name} takes types from ${specifier}`,
      );

  process.stdout.write(run("npx", ["--no-install", "publint", "run", "--strict", tarball]));
  process.stdout.write(
    run("npx", ["--no-install", "attw", tarball, "--profile", "node16", "--format", "ascii"]),
  );
  checks += 2;

  // A consumer's folder: the unpacked tarball and its run-time dependencies, nothing else of ours.
  const modules = join(work, "consumer", "node_modules");
  mkdirSync(join(modules, "quantevo"), { recursive: true });
  run("tar", ["-xzf", tarball, "-C", join(modules, "quantevo"), "--strip-components=1"]);
  for (const dependency of Object.keys(manifest.dependencies)) {
    mkdirSync(dirname(join(modules, dependency)), { recursive: true });
    symlinkSync(join(root, "node_modules", dependency), join(modules, dependency));
  }
  const consumer = join(work, "consumer");
  const specifiers = entryPoints.map((name) => name.replace(/^\./, "quantevo"));
  cpSync(fileURLToPath(new URL("consumers", import.meta.url)), consumer, { recursive: true });
  const model = join(root, "examples/model/model.onnx");
  check(
    run("node", ["consumer.mjs", model], { cwd: consumer }).includes("esm ok"),
    "an ESM consumer runs",
  );
  check(
    run("node", ["consumer.cjs"], { cwd: consumer }).includes("cjs ok"),
    "a CommonJS consumer runs",
  );

  // Worker processes find their module in the package, work as this thread does, and keep no
  // program from ending.
  symlinkSync(join(root, "node_modules/onnxruntime-node"), join(modules, "onnxruntime-node"));
  for (const name of ["workers.mjs", "workers.cjs"])
    check(
      run("node", [name, model], { cwd: consumer, timeout: 60_000 }).includes("workers ok"),
      `${name} evaluates in a worker process`,
    );

  // The core must load where there is no Node: nothing that it reaches may import a built-in
  // statically.
  const reached = new Map();
  const visit = (path) => {
    if (reached.has(path)) return;
    const text = readFileSync(path, "utf8");
    reached.set(path, text);
    for (const [, specifier] of text.matchAll(/^(?:import|export)\b[^"']*["']([^"']+)["']/gm)) {
      if (specifier.startsWith(".")) visit(join(dirname(path), specifier));
      else
        check(!/^node:/.test(specifier) && !isBuiltin(specifier), `${path} imports ${specifier}`);
    }
  };
  visit(join(root, "dist/index.js"));
  const core = [...reached.values()].join("");
  check(!core.includes("tinypool"), "the core does not reach the pool of worker processes");
  // A bundler for browsers finds everything, in every entry point, and the core's bundle runs
  // without a Node built-in.
  const { build } = await import("esbuild");
  for (const specifier of specifiers) {
    const { outputFiles } = await build({
      stdin: { contents: `export * from ${JSON.stringify(specifier)};`, resolveDir: consumer },
      ...{ bundle: true, format: "esm", platform: "browser", write: false, logLevel: "silent" },
      define: { process: "undefined", Buffer: "undefined" },
    });
    const [{ text }] = outputFiles;
    check(
      !/\bfrom ["']node:|\brequire\(["']node:/.test(text),
      `${specifier} asks a browser for a built-in`,
    );
    if (specifier !== "quantevo") continue;
    writeFileSync(
      join(consumer, "browser.mjs"),
      `${text}
      const engine = new QuantizationEvolutionEngine({ maxGenerations: 1, seed: 1 });
      await engine.runEvolution(["embedding", "attention", "output"]);
      console.log(engine.paretoFront.length > 0 ? "browser bundle ok" : "no front");`,
    );
    check(
      run("node", ["browser.mjs"], { cwd: consumer }).includes("browser bundle ok"),
      "the core's browser bundle searches",
    );
  }
  // What an application loads that imports quantevo, bundled and minified by esbuild; its
  // dependencies (seedrandom, yaml, zod) are counted by their own packages. What `import()` loads
  // later (the search, when a run begins) is a chunk of its own and is counted beside.
  const bundle = await build({
    entryPoints: { core: join(root, "dist/index.js") },
    ...{
      bundle: true,
      minify: true,
      format: "esm",
      platform: "node",
      write: false,
      metafile: true,
    },
    ...{ splitting: true, outdir: join(work, "bundle") },
    external: Object.keys(manifest.dependencies),
  });
  const contents = new Map(bundle.outputFiles.map((file) => [basename(file.path), file.contents]));
  const outputs = new Map(
    Object.entries(bundle.metafile.outputs).map(([path, output]) => [basename(path), output]),
  );
  const atOnce = new Set();
  const load = (name) => {
    if (atOnce.has(name)) return;
    atOnce.add(name);
    for (const { path, kind, external } of outputs.get(name).imports)
      if (kind === "import-statement" && external !== true) load(basename(path));
  };
  load("core.js");
  const gzipped = (names) =>
    gzipSync(Buffer.concat(names.map((name) => contents.get(name))), { level: 9 }).length;
  const coreBytes = gzipped([...atOnce]);
  const laterBytes = gzipped([...contents.keys()].filter((name) => !atOnce.has(name)));
  const mostBytes = 66 * 1024;
  check(coreBytes <= mostBytes, `the core is ${coreBytes} bytes gzipped; at most ${mostBytes}`);
  process.stdout.write(
    `core with WebAssembly inside: ${(coreBytes / 1024).toFixed(1)} KB gzipped (at most ` +
      `${mostBytes / 1024}), and ${(laterBytes / 1024).toFixed(1)} KB that a search loads when ` +
      "it begins\n",
  );
  process.stdout.write(
    `quantevo core: ${reached.size} files, ${(gzipSync(core).length / 1024).toFixed(1)} KB ` +
      "gzipped, not minified\n",
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.stdout.write(`package: ${checks} passed, 0 failed\n`);
