import { quoteName } from "../../../check/quote-name.js";
import { EvaluationError } from "../../../errors.js";
import type { ModelOutputs } from "../metric.js";

/** Where the outputs of the float model are infinite (masked logits), by the name of the output. */
export function infinitePlaces(float: ModelOutputs): ReadonlyMap<string, ReadonlySet<number>> {
  return new Map(
    Object.entries(float).map(([name, { data }]) => [name, new Set(infiniteIndices(data))]),
  );
}

/**
 * @param infinite of the float model
 * @throws EvaluationError for an infinite value where the float model's is finite
 */
export function refuseNewInfinity(
  outputs: ModelOutputs,
  infinite: ReadonlyMap<string, ReadonlySet<number>>,
): void {
  for (const [name, { data }] of Object.entries(outputs)) {
    const found = infiniteIndices(data).filter((at) => infinite.get(name)?.has(at) !== true);
    if (found.length === 0) continue;
    throw new EvaluationError(
      name,
      `output ${quoteName(name)} holds ${found.length} NaN or infinite values where the float ` +
        `model's are finite, the first at index ${found[0]}`,
    );
  }
}

function infiniteIndices(data: ArrayLike<number | bigint>): number[] {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return [];
  const found: number[] = [];
  for (let i = 0; i < data.length; i++) if (Math.abs(data[i]!) === Infinity) found.push(i);
  return found;
}
