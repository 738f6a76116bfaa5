import { checkFields, isRecord } from "../check/check-fields.js";
import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import {
  CALIBRATION_CODES,
  type CalibrationMethodDefinition,
  type CalibrationMethodName,
} from "./method-definition.js";
import {
  calibrationMethodOf,
  calibrationMethods,
  entryNamed,
  register,
} from "./method-registry.js";

/** Codes below this are of built-in methods. */
const FIRST_CUSTOM_CODE = 16;
/** Exponents between the least and the greatest normal float32. */
const MOST_REACH = 252;
const NAME = /^[a-z][a-z0-9-]{0,63}$/;
const FIELDS: Readonly<Record<keyof CalibrationMethodDefinition, true>> = {
  ...{ name: true, code: true, reach: true, range: true, observer: true },
};

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
  const known = entryNamed(name);
  if (known !== undefined && (known.given === definition || known.method === definition))
    return name;
  checkDefinition(definition);
  if (known !== undefined)
    throw new InvalidArgumentError(
      "name",
      `name is ${describeValue(name)}, which another calibration method has; allowed: a name ` +
        "that no other has",
    );
  const taken = calibrationMethods().find((other) => calibrationMethodOf(other).code === code);
  if (taken !== undefined)
    throw new InvalidArgumentError(
      "code",
      `code is ${code}, which the calibration method ${taken} has; allowed: a code that no ` +
        "other has",
    );
  register(definition);
  return name;
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
