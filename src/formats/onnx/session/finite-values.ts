import { quoteName } from "../../../check/quote-name.js";
import { InvalidDataError } from "../../../errors.js";
import { findNonFinite } from "../../../numeric/find-non-finite.js";

/**
 * The share of an activation that may be NaN or infinite. A few such elements say nothing about its
 * range; many mean that the model or the data are broken.
 */
export const NON_FINITE_SHARE = 0.01;

/** Counts what is NaN or infinite in tensors that are seen batch by batch. */
export class FiniteValues {
  readonly #seen = new Map<string, { skipped: number; total: number }>();

  /**
   * The values of one batch of a tensor: without those that are NaN or infinite, which are counted,
   * and with 0 in their places. The same array where all are finite.
   */
  take(
    name: string,
    values: Float32Array,
  ): { readonly finite: Float32Array; readonly zeroed: Float32Array } {
    if (this.#count(name, values) === 0) return { finite: values, zeroed: values };
    return {
      finite: values.filter(Number.isFinite),
      zeroed: values.map((x) => (Number.isFinite(x) ? x : 0)),
    };
  }

  #count(name: string, values: Float32Array): number {
    const skipped = findNonFinite(values)?.count ?? 0;
    const seen = this.#seen.get(name) ?? { skipped: 0, total: 0 };
    this.#seen.set(name, { skipped: seen.skipped + skipped, total: seen.total + values.length });
    return skipped;
  }

  /** How many elements of each tensor were skipped; tensors without such are missing. */
  skipped(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#seen].flatMap(([name, { skipped }]) => (skipped > 0 ? [[name, skipped]] : [])),
    );
  }

  /**
   * @param names the tensors that go into layers
   * @throws InvalidDataError naming one of them of which more than {@link NON_FINITE_SHARE} was
   *   skipped
   */
  check(names: ReadonlySet<string>): void {
    for (const [name, { skipped, total }] of this.#seen) {
      if (!names.has(name) || skipped <= NON_FINITE_SHARE * total) continue;
      const percent = (share: number) => `${Number((100 * share).toPrecision(3))}%`;
      throw new InvalidDataError(
        name,
        `activation ${quoteName(name)} is NaN or infinite in ${skipped} of ${total} elements ` +
          `(${percent(skipped / total)}); allowed: at most ${percent(NON_FINITE_SHARE)} of what ` +
          "goes into a layer",
      );
    }
  }
}
