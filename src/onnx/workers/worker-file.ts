/**
 * The module that worker processes run, and the Node options that it needs. It stands beside this one in the source;
 * in the package it is `dist/onnx/worker.js`, and this module is part of a file there or of one in `dist/`, which
 * the check of the packed tarball tries as ES modules and as CommonJS.
 */
export async function workerFile(): Promise<{ readonly path: string; readonly execArgv: string[] }> {
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const pathTo = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  // The source runs under a loader (tests, tsx), which the processes need too.
  if (import.meta.url.endsWith(".ts")) return { path: pathTo("./worker.ts"), execArgv: ["--import", "tsx"] };
  const paths = [pathTo("./worker.js"), pathTo("./onnx/worker.js")];
  return { path: paths.find((path) => existsSync(path)) ?? paths[0]!, execArgv: [] };
}
