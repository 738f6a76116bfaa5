import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import type { CalibrationMethodDefinition, CalibrationMethodName } from "./method-definition.js";
import { BUILT_IN_METHODS } from "./methods/index.js";
import { histogramObserver } from "./sources/histogram-observer.js";

/** A method that can be used: checked, with an observer, and out of reach of whoever gave it. */
export type RegisteredMethod = Readonly<Required<CalibrationMethodDefinition>>;

/** A method, and what it was made from. */
export interface Entry {
  /** What was given, to know it again. */
  readonly given: CalibrationMethodDefinition;
  readonly method: RegisteredMethod;
}

const entries = new Map<string, Entry>();
for (const method of BUILT_IN_METHODS) entries.set(method.name, entryOf(method));
const builtInNames: ReadonlySet<string> = new Set(entries.keys());

/** What was added under a name, to know it again; undefined when nothing was. */
export function entryNamed(name: string): Entry | undefined {
  return entries.get(name);
}

/** Adds a method that was checked. */
export function register(definition: CalibrationMethodDefinition): void {
  entries.set(definition.name, entryOf(definition));
}

/**
 * The calibration method of a name, built-in or custom.
 * @throws InvalidArgumentError when there is none of that name
 */
export function calibrationMethodOf(name: CalibrationMethodName): RegisteredMethod {
  const entry = entries.get(name);
  if (entry === undefined)
    throw new InvalidArgumentError(
      "method",
      `method is ${describeValue(name)}; allowed: ${calibrationMethods().join(", ")}`,
    );
  return entry.method;
}

/** Whether there is a calibration method of this name, built-in or custom. */
export function isCalibrationMethod(value: unknown): value is CalibrationMethodName {
  return entries.has(value as string);
}

/**
 * Whether the calibration method of this name is built in. One that is not exists in the process
 * that added it alone, so work that needs it must stay there.
 */
export function isBuiltInMethod(name: CalibrationMethodName): boolean {
  return builtInNames.has(name);
}

/** The names of all calibration methods, built-in and custom, in the order of their codes. */
export function calibrationMethods(): readonly CalibrationMethodName[] {
  return [...entries.values()]
    .sort((a, b) => a.method.code - b.method.code)
    .map(({ method }) => method.name);
}

function entryOf(given: CalibrationMethodDefinition): Entry {
  const { name, code, reach } = given;
  const method = Object.freeze({
    name,
    code,
    reach,
    range: given.range.bind(given),
    observer: given.observer?.bind(given) ?? histogramObserver,
  });
  return { given, method };
}
