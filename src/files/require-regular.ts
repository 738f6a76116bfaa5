import { FileError } from "../errors.js";

/** What the system says of a file: the part of Node's `Stats` that tells its kind. */
export interface FileKind {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** @throws FileError unless it is a regular file: another may have no end, or be the system's */
export function requireRegular(path: string, kind: FileKind): void {
  if (kind.isFile()) return;
  throw new FileError(
    path,
    `${path} is ${nameOf(kind)}; allowed: a regular file, or a link to one`,
  );
}

function nameOf(kind: FileKind): string {
  if (kind.isDirectory()) return "a folder";
  if (kind.isFIFO()) return "a FIFO";
  return kind.isSocket() ? "a socket" : "a device";
}
