/** How many elements may still be computed; asked before the work is done. */
export class WorkBudget {
  #left: number;

  /** @param elements that may be computed in all, 0 or more */
  constructor(elements: number) {
    this.#left = elements;
  }

  /** True when that much work is left; it is then spent. */
  take(elements: number): boolean {
    if (!(elements <= this.#left)) return false;
    this.#left -= elements;
    return true;
  }
}
