import { execFileSync } from "node:child_process";
import { mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** This repository. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * The source and examples of another commit in a folder of their own, with this commit's packages.
 */
export function sourceAt(commit: string): string {
  const folder = mkdtempSync(join(tmpdir(), `quantevo-${commit}-`));
  const archive = join(folder, "source.tar");
  const paths = ["src", "examples", "package.json", "tsconfig.json"];
  execFileSync("git", ["archive", "-o", archive, commit, ...paths], { cwd: root });
  execFileSync("tar", ["-xf", archive, "-C", folder]);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}
