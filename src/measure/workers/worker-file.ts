/** A module that workers run. */
export interface WorkerModule {
  /** Its file in the source, from `src/`. */
  readonly source: string;
  /** Its file in the package, from `dist/`; tsup.config.ts puts it there. */
  readonly built: string;
}

/**
 * The file that workers run, and the Node options that it needs. In the package this module is part
 * of a file in `dist/` or in a folder of it. The check of the packed tarball tries both, as ES
 * modules and as CommonJS.
 */
export async function workerFile({
  source,
  built,
}: WorkerModule): Promise<{ readonly path: string; readonly execArgv: string[] }> {
  const { existsSync } = await import("node:fs");
  const { fileURLToPath } = await import("node:url");
  const pathTo = (file: string) => fileURLToPath(new URL(file, import.meta.url));
  if (import.meta.url.endsWith(".ts"))
    return { path: pathTo(`../../${source}`), execArgv: ["--import", await loaderOfSource()] };
  const paths = [pathTo(`./${built}`), pathTo(`../${built}`)];
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
