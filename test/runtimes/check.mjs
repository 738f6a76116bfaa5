// Runs one program in every runtime that the pages name, from the packed tarball: Node.js with the
// lowest and the newest onnxruntime-node and with onnxruntime-web, Bun, Deno, and a page in
// headless Chromium. What comes out must be the same. All come from npm, without install scripts.
// Needs `npm run build` first. With names as arguments it runs these alone, and with versions
// (`onnxruntime-node@1.25.1`) those, installed in a folder of their own.
import { execFileSync, spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPage } from "./open-page.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const root = join(here, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const model = join(root, "examples/model/model.onnx");
const installed = (name) => join(here, "node_modules", name);
const LIMIT_MS = 120_000;
/** Kernels of other versions and of WebAssembly add up in other orders. */
const TOLERANCE = 0.02;

const npm = (folder, ...args) =>
  execFileSync("npm", [...args, "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "inherit"],
  });
/** The only package that fits this machine. */
const binaryOf = (scope, path) => {
  const { optionalDependencies } = JSON.parse(
    readFileSync(join(installed(scope === "@oven" ? "bun" : "deno"), "package.json"), "utf8"),
  );
  const name = Object.keys(optionalDependencies).find((one) =>
    existsSync(join(installed(one), path)),
  );
  return name && join(installed(name), path);
};

if (!existsSync(installed("onnxruntime-web"))) npm(here, "ci");
const work = mkdtempSync(join(tmpdir(), "quantevo-runtimes-"));
let failed = 0;
try {
  const consumers = new Map();
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", work], {
      cwd: root,
      encoding: "utf8",
    }),
  );
  const tarball = join(work, packed.filename);

  /** A folder with the package, its dependencies, and these packages beside it, by name. */
  const consumerWith = (name, packages) => {
    const made = consumers.get(name);
    if (made !== undefined) return made;
    const folder = join(work, name);
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "quantevo"), { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", join(modules, "quantevo"), "--strip-components=1"]);
    const all = Object.keys(manifest.dependencies).map((one) => [
      one,
      join(root, "node_modules", one),
    ]);
    for (const [target, from] of [...all, ...Object.entries(packages)]) {
      mkdirSync(dirname(join(modules, target)), { recursive: true });
      symlinkSync(from, join(modules, target));
    }
    for (const file of ["study.mjs", "program.mjs", "page.mjs"])
      cpSync(join(here, file), join(folder, file));
    consumers.set(name, folder);
    return folder;
  };
  const newest = { "onnxruntime-node": join(root, "node_modules/onnxruntime-node") };
  const lowest = { "onnxruntime-node": installed("onnxruntime-node-lowest") };
  const web = { "onnxruntime-web": installed("onnxruntime-web") };

  /** @returns what the program printed; it fails when it does not end by itself */
  const runProgram = (command, folder, ...args) =>
    new Promise((resolve, reject) => {
      const [file, ...before] = command;
      const child = spawn(file, [...before, "program.mjs", model, ...args], {
        cwd: folder,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const out = [];
      const err = [];
      child.stdout.on("data", (part) => out.push(part));
      child.stderr.on("data", (part) => err.push(part));
      const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        clearTimeout(timer);
        const text = Buffer.concat(out).toString();
        const line = text.trim().split("\n").at(-1);
        if (code !== 0 || !line?.startsWith("{"))
          reject(
            new Error(`ended with ${signal ?? code}\n${text}\n${Buffer.concat(err).toString()}`),
          );
        else resolve(JSON.parse(line));
      });
    });

  const node = [process.execPath];
  const bun = [binaryOf("@oven", "bin/bun"), "run"];
  const deno = [binaryOf("@deno", "deno"), "run", "--allow-all", "--node-modules-dir=manual"];
  const noWorkers = ["QUANTEVO_NO_WORKERS"];
  const cases = {
    node: { run: () => runProgram(node, consumerWith("newest", newest)) },
    "node with the lowest onnxruntime-node": {
      run: () => runProgram(node, consumerWith("lowest", lowest)),
    },
    "node with onnxruntime-web": { run: () => runProgram(node, consumerWith("web", web), "web") },
    bun: { run: () => runProgram(bun, consumerWith("newest", newest)), warnings: noWorkers },
    "bun with onnxruntime-web": {
      run: () => runProgram(bun, consumerWith("web", web), "web"),
      warnings: noWorkers,
    },
    deno: { run: () => runProgram(deno, consumerWith("newest", newest)), warnings: noWorkers },
    "deno with onnxruntime-web": {
      run: () => runProgram(deno, consumerWith("web", web), "web"),
      warnings: noWorkers,
    },
    "chromium with onnxruntime-web": {
      // Its package has no other binary.
      skip: platform() !== "linux" || arch() !== "x64",
      run: () =>
        openPage({
          entry: join(consumerWith("web", web), "page.mjs"),
          chromium: installed("@sparticuz/chromium"),
          wasm: join(installed("onnxruntime-web"), "dist"),
          model,
          work,
          limitMs: LIMIT_MS,
        }),
    },
  };
  const asked = process.argv.slice(2);
  for (const version of asked.filter((name) => name.includes("@"))) {
    const folder = join(work, version);
    const isWeb = version.startsWith("onnxruntime-web");
    cases[version] = {
      run: () => {
        mkdirSync(folder, { recursive: true });
        npm(folder, "install", "--prefix", folder, version);
        const name = isWeb ? "onnxruntime-web" : "onnxruntime-node";
        const packages = { [name]: join(folder, "node_modules", name) };
        return runProgram(node, consumerWith(`with ${version}`, packages), isWeb ? "web" : "node");
      },
    };
  }

  const reference = await cases.node.run();
  for (const [name, { run, skip = false, warnings = [] }] of Object.entries(cases)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    if (skip) {
      console.log(`${name}: left out on ${platform()} ${arch()}`);
      continue;
    }
    try {
      const found = name === "node" ? reference : await run();
      if (found.error !== undefined) throw new Error(`${found.error}: ${found.message}`);
      const differences = ["archive", "files"].filter(
        (part) => JSON.stringify(found[part]) !== JSON.stringify(reference[part]),
      );
      if (differences.length > 0) throw new Error(`${differences.join(" and ")} differ`);
      const off = found.values.map(
        (value, i) => Math.abs(value - reference.values[i]) / Math.abs(reference.values[i]),
      );
      const most = Math.max(...off);
      if (!(most <= TOLERANCE) || off.length === 0)
        throw new Error(
          `values ${found.values.join(", ")}; in node ${reference.values.join(", ")}`,
        );
      if (String(found.warnings) !== String(warnings))
        throw new Error(`warns of ${found.warnings.join(", ") || "nothing"}`);
      console.log(
        `${name}: archive and files are node's, values within ${most.toExponential(1)}, ` +
          `${found.seconds.toFixed(1)} s`,
      );
    } catch (error) {
      failed++;
      console.log(`${name}: FAILED: ${error.message}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(failed === 0 ? "runtimes: all passed" : `runtimes: ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
