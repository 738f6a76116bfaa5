import { MissingDependencyError } from "../../../errors.js";

/**
 * Versions of onnxruntime-node and onnxruntime-web that work; package.json states the same. Those
 * from 1.20 to 1.23 give the outputs of one run each other's names when not all are asked for.
 */
export const RUNTIME_VERSIONS = { from: "1.24.1", below: "2.0.0" } as const;

/**
 * Checks the version of a package of ONNX Runtime.
 * @param version undefined: it says none, as those before 1.16
 * @throws MissingDependencyError with the version found and those allowed
 */
export function checkRuntimeVersion(packageName: string, version: string | undefined): void {
  const { from, below } = RUNTIME_VERSIONS;
  const known = version !== undefined;
  if (known && compare(version, from) >= 0 && compare(version, below) < 0) return;
  throw new MissingDependencyError(
    packageName,
    `${packageName} is version ${known ? version : "1.15 or older"}; allowed: ${from} or later, ` +
      `below ${below}. Install one: npm install ${packageName}@^${from}`,
  );
}

/** Below 0 when `a` is the older; what follows the three numbers (`-dev.2026`) does not count. */
function compare(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  for (let i = 0; i < 3; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

const numbers = (version: string): number[] =>
  Array.from({ length: 3 }, (_, i) => Number.parseInt(version.split(".")[i] ?? "", 10) || 0);
