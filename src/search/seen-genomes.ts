/** Genomes that were met, by value. Exact: a hash table of the genomes themselves. */
export class SeenGenomes {
  /** Genomes in it. */
  size = 0;
  readonly #length: number;
  #rows: Uint16Array;
  #table = new Int32Array(1024).fill(-1);

  /** @param length genes of a genome */
  constructor(length: number) {
    this.#length = length;
    this.#rows = new Uint16Array(512 * length);
  }

  /** Adds a genome; false when it was there. */
  add(genes: Uint16Array): boolean {
    if (this.size * 2 >= this.#table.length) this.#grow();
    const slot = this.#find(genes, 0, this.#table);
    if (this.#table[slot]! >= 0) return false;
    this.#table[slot] = this.size;
    this.#rows.set(genes, this.size * this.#length);
    this.size++;
    return true;
  }

  /** Slot of the genome, or the free one where it belongs. */
  #find(genes: Uint16Array, offset: number, table: Int32Array): number {
    const length = this.#length;
    let hash = 0x811c9dc5;
    for (let g = 0; g < length; g++) hash = Math.imul(hash ^ genes[offset + g]!, 0x01000193);
    hash ^= hash >>> 15;
    const mask = table.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = table[slot]!;
      if (row < 0) return slot;
      let g = 0;
      while (g < length && this.#rows[row * length + g] === genes[offset + g]) g++;
      if (g === length) return slot;
    }
  }

  #grow(): void {
    const rows = new Uint16Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    const table = new Int32Array(this.#table.length * 2).fill(-1);
    for (let row = 0; row < this.size; row++)
      table[this.#find(rows, row * this.#length, table)] = row;
    this.#table = table;
  }
}
