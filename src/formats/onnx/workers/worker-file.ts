/** Modules that workers run: of processes, and of threads. */
export type WorkerModule = "worker" | "thread-worker";

/**
 * The module that workers run, and the Node options that it needs. It stands beside this one in the
 * source; in the package it is in `dist/onnx/`, and this module is part of a file there or of one
 * in `dist/`, which the check of the packed tarball tries as ES modules and as CommonJS.
 */
export async function workerFile(
  name: WorkerModule,
): Promise<{ readonly path: string; readonly execArgv: string[] }> {
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const pathTo = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  if (import.meta.url.endsWith(".ts"))
    return { path: pathTo(`./${name}.ts`), execArgv: ["--import", await loaderOfSource()] };
  const paths = [pathTo(`./${name}.js`), pathTo(`./onnx/${name}.js`)];
  return { path: paths.find((path) => existsSync(path)) ?? paths[0]!, execArgv: [] };
}

/**
 * The source runs under a loader (tests, tsx). Workers need it too; in threads `--import tsx` alone
 * does nothing.
 */
async function loaderOfSource(): Promise<string> {
  const { createRequire } = await import("node:module");
  const { pathToFileURL } = await import("node:url");
  const api = pathToFileURL(createRequire(import.meta.url).resolve("tsx/esm/api"));
  return (
    "data:text/javascript,import { register } from " +
    `${JSON.stringify(new URL("./index.mjs", api))}; register();`
  );
}
