/**
 * Finds where the file of a checkpoint is, once for its lock and its store. So neither a change of
 * the working directory nor another name (a link to the file or a folder) turns one file into two.
 * @returns a function that gives the absolute path, with links resolved as far as they lead to
 *   something
 */
export function checkpointPlace(path: string): () => Promise<string> {
  const from = workingFolder();
  let place: Promise<string> | undefined;
  return () => {
    place ??= realPlace(from, path);
    return place;
  };
}

async function realPlace(from: string, path: string): Promise<string> {
  const { realpath } = await import("node:fs/promises");
  const { basename, dirname, join, resolve } = await import("node:path");
  const file = resolve(from, path);
  const folder = dirname(file);
  return realpath(file).catch(async () =>
    join(await realpath(folder).catch(() => folder), basename(file)),
  );
}

/**
 * The working directory. Empty where there is none (a browser, a removed folder): an absolute path
 * needs none.
 */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}
