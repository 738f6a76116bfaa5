import { InvalidArgumentError } from "../../errors.js";
import type { Figure, HardwareProfile } from "../profile/profile-schema.js";

/** A figure of a profile that a fit may change. */
export interface FitParameter {
  /** Path of the figure, such as `gmacsPerSecond.int8`. */
  readonly path: string;
  readonly unit: string;
  readonly value: number;
  /**
   * Whether time falls as the figure grows: rates, bandwidths and shares of them. A fit works on
   * their reciprocals.
   */
  readonly reciprocal: boolean;
  /** Least value that a profile allows. */
  readonly least: number;
  /** Greatest value that a profile allows. */
  readonly most: number;
}

/** The figures that latency depends on, by unit and path, with the range of the schema. */
const FAMILIES: readonly {
  readonly unit: string;
  readonly path: RegExp;
  readonly reciprocal: boolean;
  readonly least: number;
  readonly most: number;
}[] = [
  { unit: "GMAC/s", path: /^gmacsPerSecond\./, reciprocal: true, least: 0.01, most: 1e6 },
  { unit: "GB/s", path: /bandwidthGBs$/, reciprocal: true, least: 0.01, most: 20_000 },
  {
    unit: "x",
    path: /^(efficiency|qdq\.unfusedEfficiency)\./,
    reciprocal: true,
    least: 1e-3,
    most: 4,
  },
  { unit: "us", path: /Us$/, reciprocal: false, least: 0, most: 1e5 },
];

/**
 * Every figure of a profile that latency depends on, except those of a host CPU. In the order of
 * the profile.
 */
export function fitParameters(profile: HardwareProfile): readonly FitParameter[] {
  const found: FitParameter[] = [];
  const walk = (node: unknown, path: string) => {
    if (typeof node !== "object" || node === null || Array.isArray(node)) return;
    if (isFigure(node)) {
      const family = FAMILIES.find(
        ({ unit, path: place }) => unit === node.unit && place.test(path),
      );
      if (family !== undefined) found.push({ ...family, path, unit: node.unit, value: node.value });
      return;
    }
    for (const [key, child] of Object.entries(node))
      walk(child, path === "" ? key : `${path}.${key}`);
  };
  const { formats: _formats, host: _host, ...rest } = profile;
  walk(rest, "");
  return found;
}

/**
 * The parameters at these paths.
 * @throws InvalidArgumentError for a path that is none of {@link fitParameters}
 */
export function chooseParameters(
  profile: HardwareProfile,
  paths: readonly string[],
): readonly FitParameter[] {
  const all = fitParameters(profile);
  return paths.map((path) => {
    const parameter = all.find((one) => one.path === path);
    if (parameter !== undefined) return parameter;
    throw new InvalidArgumentError(
      "parameters",
      `parameters has ${JSON.stringify(path)}; allowed: ${all.map((one) => one.path).join(", ")}`,
    );
  });
}

/** A copy of the profile with some figures replaced, by path. */
export function withFigures(
  profile: HardwareProfile,
  figures: ReadonlyMap<string, (old: Figure) => object>,
): unknown {
  const walk = (node: unknown, path: string): unknown => {
    if (typeof node !== "object" || node === null || Array.isArray(node)) return node;
    const change = figures.get(path);
    if (change !== undefined) return change(node as Figure);
    return Object.fromEntries(
      Object.entries(node).map(([key, child]) => [
        key,
        walk(child, path === "" ? key : `${path}.${key}`),
      ]),
    );
  };
  return walk(profile, "");
}

function isFigure(node: object): node is { value: number; unit: string } {
  return (
    "value" in node &&
    "unit" in node &&
    typeof node.value === "number" &&
    typeof node.unit === "string"
  );
}
