import { Z95 } from "../../numeric/confidence.js";
import type { MetricResult } from "./metric.js";

/**
 * Says that the float model does no better than guessing, and what as a rule causes that.
 * @param name of the metric
 * @param result the float model's
 * @returns undefined where it does better by more than the error of as many samples, or where
 *   chance is unknown
 */
export function chanceNote(
  name: string,
  { score, value, samples, chance }: MetricResult,
): string | undefined {
  if (chance === undefined || !(chance <= 1 / 2)) return undefined;
  const error = Math.sqrt((chance * (1 - chance)) / samples);
  if (score > chance + Z95 * error) return undefined;
  return (
    `${name} of the float model is ${digits(value)} on ${samples} samples (score ` +
    `${digits(score)}), no better than guessing (${digits(chance)}): check the labels (order, ` +
    "shifted by one, of these samples), the scaling of the inputs (0 to 1 or 0 to 255, mean and " +
    "deviation) and their layout (channels first or last, RGB or BGR)"
  );
}

const digits = (value: number) => String(Number(value.toPrecision(3)));
