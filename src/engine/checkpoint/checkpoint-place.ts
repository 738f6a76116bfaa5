/**
 * Where the file of a checkpoint is. Found once, for its lock and its store alike: neither another
 * working directory during the run nor another name (a link to the file or to a folder) makes two
 * files of one.
 * @returns its absolute path, links resolved as far as they lead to something
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
 * Empty where there is none (a browser, a folder that was removed): an absolute path needs none.
 */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}
