import { execFileSync, spawn } from "node:child_process";
import { chmodSync, createReadStream, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { build } from "esbuild";

const HTML = "<!doctype html><meta charset=utf-8><script type=module src=/page.js></script>";

/**
 * Bundles a module, opens it as a page in headless Chromium, and waits for what it posts to
 * `/result`. @param chromium the folder of the package @sparticuz/chromium, @param wasm the folder
 * of files below `/wasm/`, @param work a folder for what is unpacked
 */
export async function openPage({ entry, chromium, wasm, model, work, limitMs }) {
  const { outputFiles } = await build({
    ...{ entryPoints: [entry], bundle: true, format: "esm", platform: "browser", write: false },
    logLevel: "silent",
  });
  const files = {
    "/": ["text/html", HTML],
    "/page.js": ["text/javascript", outputFiles[0].text],
    "/model.onnx": ["application/octet-stream", readFileSync(model)],
  };
  let resolveResult;
  const result = new Promise((resolve) => {
    resolveResult = resolve;
  });
  const server = createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/result") {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        response.end();
        resolveResult(JSON.parse(Buffer.concat(parts).toString()));
      });
    } else if (path.startsWith("/wasm/")) {
      const type = path.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      response.setHeader("Content-Type", type);
      createReadStream(join(wasm, basename(path))).pipe(response);
    } else if (files[path] === undefined) response.writeHead(404).end();
    else response.setHeader("Content-Type", files[path][0]).end(files[path][1]);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const browser = startChromium(chromium, work, `http://127.0.0.1:${server.address().port}/`);
  try {
    return await Promise.race([
      result,
      browser.ended,
      new Promise((_, reject) =>
        setTimeout(() => reject(new Error("the page takes too long")), limitMs).unref(),
      ),
    ]);
  } finally {
    browser.kill();
    server.close();
    server.closeAllConnections();
  }
}

/** The package holds the program and the libraries that small systems lack, compressed. */
function startChromium(chromium, work, url) {
  const folder = join(work, "chromium");
  mkdirSync(folder, { recursive: true });
  const unpacked = (file) => brotliDecompressSync(readFileSync(join(chromium, "bin", file)));
  const program = join(folder, "chromium");
  writeFileSync(program, unpacked("chromium.br"));
  chmodSync(program, 0o755);
  execFileSync("tar", ["-x", "-C", folder], { input: unpacked("al2023.tar.br") });
  const flags = ["--headless=shell", "--no-sandbox", "--no-zygote", "--disable-gpu"];
  const child = spawn(
    program,
    [...flags, "--disable-dev-shm-usage", `--user-data-dir=${join(folder, "profile")}`, url],
    {
      env: { ...process.env, LD_LIBRARY_PATH: join(folder, "lib"), HOME: folder },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  const messages = [];
  child.stderr.on("data", (part) => messages.push(part));
  const ended = new Promise((_, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) =>
      reject(new Error(`Chromium ended with ${signal ?? code}\n${Buffer.concat(messages)}`)),
    );
  });
  // It ends when it is told to, and nobody waits for that.
  ended.catch(() => {});
  return { ended, kill: () => child.kill("SIGKILL") };
}
