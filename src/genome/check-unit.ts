import { describeValue } from "../check/describe-value.js";
import { InvalidArgumentError } from "../errors.js";
import { SETTING_NAMES, type SettingName } from "../genes/precision.js";

/**
 * Checks what an operator asks of a space.
 * @param units how many there are
 * @throws InvalidArgumentError unless `unit` is a place among the units and `name` a setting
 */
export function checkUnit(unit: number, units: number, name?: SettingName): void {
  if (!Number.isInteger(unit) || unit < 0 || unit >= units)
    throw new InvalidArgumentError(
      "unit",
      `unit is ${describeValue(unit)}; allowed: an integer from 0 to ${units - 1}`,
    );
  if (name !== undefined && !SETTING_NAMES.includes(name))
    throw new InvalidArgumentError(
      "name",
      `name is ${describeValue(name)}; allowed: ${SETTING_NAMES.join(", ")}`,
    );
}
