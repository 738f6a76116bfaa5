import { checkFields, isRecord } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import {
  CALIBRATION_CODES,
  type CalibrationMethodDefinition,
  type CalibrationMethodName,
} from "./method-definition.js";
import { BUILT_IN_METHODS } from "./methods/index.js";
import { histogramObserver } from "./sources/histogram-observer.js";

/** A method that can be used: checked, with an observer, and out of reach of whoever gave it. */
export type RegisteredMethod = Readonly<Required<CalibrationMethodDefinition>>;

interface Entry {
  /** What was given, to know it again. */
  readonly given: CalibrationMethodDefinition;
  readonly method: RegisteredMethod;
}

/** Codes below this are of built-in methods. */
const FIRST_CUSTOM_CODE = 16;
/** Exponents between the least and the greatest normal float32. */
const MOST_REACH = 252;
const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const FIELDS: Readonly<Record<keyof CalibrationMethodDefinition, true>> = {
  ...{ name: true, code: true, reach: true, range: true, observer: true },
};

const entries = new Map<string, Entry>();
for (const method of BUILT_IN_METHODS) entries.set(method.name, entryOf(method));
const builtInNames: ReadonlySet<string> = new Set(entries.keys());

/**
 * Adds a calibration method of your own, which can then be named wherever a built-in one can. It is
 * added to this process alone: work with it is not handed to worker processes or threads, and
 * documents that name it are read only where it was added before. Adding the same object again
 * changes nothing.
 * @returns its name
 * @throws InvalidArgumentError naming the field that is unknown, missing, out of range, or taken by
 *   another method (name, code)
 * @example
 * ```ts
 * import { addCalibrationMethod, calibrate } from "quantevo/calibration";
 *
 * // Half of the whole range, whatever the data.
 * const method = addCalibrationMethod({
 *   name: "half-range",
 *   code: 16,
 *   reach: 3,
 *   range: ({ min, max }) => ({ low: min / 2, high: max / 2 }),
 * });
 * calibrate(Float32Array.of(-1, 2), { bits: 8, scheme: "symmetric", method });
 * ```
 */
export function addCalibrationMethod(
  definition: CalibrationMethodDefinition,
): CalibrationMethodName {
  checkObject(definition);
  const { name, code } = definition;
  const known = entries.get(name);
  if (known !== undefined && (known.given === definition || known.method === definition))
    return name;
  checkDefinition(definition);
  if (known !== undefined)
    throw new InvalidArgumentError(
      "name",
      `name is ${describeValue(name)}, which another calibration method has; allowed: a name ` +
        "that no other has",
    );
  for (const { method } of entries.values())
    if (method.code === code)
      throw new InvalidArgumentError(
        "code",
        `code is ${code}, which the calibration method ${method.name} has; allowed: a code that ` +
          "no other has",
      );
  entries.set(name, entryOf(definition));
  return name;
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

/** An object of a class may have further fields; in a plain one they are mistakes. */
function checkObject(definition: CalibrationMethodDefinition): void {
  const ofClass = isRecord(definition) && !isPlain(definition);
  if (!ofClass) checkFields(definition, "definition", Object.keys(FIELDS));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Each field by itself; whether name and code are taken is another matter. */
function checkDefinition(definition: CalibrationMethodDefinition): void {
  const { name, code, reach, range, observer } = definition;
  const allowed: Readonly<Record<string, [value: unknown, good: boolean, allowed: string]>> = {
    name: [
      name,
      typeof name === "string" && NAME.test(name),
      "1 to 64 lower-case letters, digits and hyphens, a letter first",
    ],
    code: [
      code,
      Number.isInteger(code) && code >= FIRST_CUSTOM_CODE && code < CALIBRATION_CODES,
      `an integer from ${FIRST_CUSTOM_CODE} to ${CALIBRATION_CODES - 1}`,
    ],
    reach: [
      reach,
      Number.isInteger(reach) && reach >= 0 && reach <= MOST_REACH,
      `an integer from 0 to ${MOST_REACH}`,
    ],
    range: [range, typeof range === "function", "a function (source, target) => { low, high }"],
    observer: [
      observer,
      observer === undefined || typeof observer === "function",
      "a function that gives a StreamObserver, or nothing",
    ],
  };
  for (const [field, [value, good, text]] of Object.entries(allowed))
    if (!good)
      throw new InvalidArgumentError(
        field,
        `${field} is ${describeValue(value)}; allowed: ${text}`,
      );
}
