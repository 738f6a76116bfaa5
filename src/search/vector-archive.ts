/** Members of one block; a full one is split in two. */
const BLOCK = 32;

interface Block {
  size: number;
  /** Row-major, room for `BLOCK` rows. */
  readonly points: Float64Array;
  readonly owners: Int32Array;
  /** Least and most of each objective: first all leasts, then all mosts. */
  readonly box: Float64Array;
}

/**
 * Non-dominated points in typed arrays, each with the number its owner gave it. Equal points are
 * kept once. Unbounded. Members live in blocks along the first objective, each with its bounding
 * box, so that most are never compared (in the manner of the ND-tree, Jaszkiewicz and Lust, 2018):
 * microseconds an insertion with thousands of members. `ParetoArchive` of `pareto/` has order, keys
 * and a capacity.
 */
export class VectorArchive {
  #size = 0;
  /** Ascending by the first objective, as far as the boxes of neighbours do not overlap. */
  #blocks: Block[] = [];

  /** @param dimensions objectives, at least 1 */
  constructor(readonly dimensions: number) {}

  /** Number of members. */
  get size(): number {
    return this.#size;
  }

  /**
   * The members' objectives, row after row; made anew, in the order of
   * {@link VectorArchive.owners}.
   */
  points(): Float64Array {
    const all = new Float64Array(this.#size * this.dimensions);
    let at = 0;
    for (const { size, points } of this.#blocks) {
      all.set(points.subarray(0, size * this.dimensions), at);
      at += size * this.dimensions;
    }
    return all;
  }

  /** The owners' numbers; made anew. */
  owners(): Int32Array {
    const all = new Int32Array(this.#size);
    let at = 0;
    for (const { size, owners } of this.#blocks) {
      all.set(owners.subarray(0, size), at);
      at += size;
    }
    return all;
  }

  /**
   * Owner of one member, picked by two numbers in [0, 1): a block, each as likely, then one of its
   * members.
   */
  pick(first: number, second: number): number {
    const block = this.#blocks[Math.floor(first * this.#blocks.length)]!;
    return block.owners[Math.floor(second * block.size)]!;
  }

  /** Offers row `row` of `points`; false when a member is no worse in any objective. */
  insert(points: Float64Array, row: number, owner: number): boolean {
    const d = this.dimensions;
    const offset = row * d;
    for (const block of this.#blocks) {
      if (block.box[0]! > points[offset]!) break;
      if (mayBeat(block.box, points, offset, d) && this.#beats(block, points, offset)) return false;
    }
    let removed = false;
    for (const block of this.#blocks)
      if (mayLose(block.box, points, offset, d) && this.#dropBeaten(block, points, offset))
        removed = true;
    if (removed) this.#blocks = this.#blocks.filter((block) => block.size > 0);
    this.#add(points, offset, owner);
    return true;
  }

  #beats({ points: own, size }: Block, points: Float64Array, offset: number): boolean {
    const d = this.dimensions;
    for (let at = 0; at < size * d; at += d) {
      let k = 0;
      while (k < d && own[at + k]! <= points[offset + k]!) k++;
      if (k === d) return true;
    }
    return false;
  }

  #dropBeaten(block: Block, points: Float64Array, offset: number): boolean {
    const d = this.dimensions;
    const { points: own, owners } = block;
    let kept = 0;
    for (let i = 0; i < block.size; i++) {
      let k = 0;
      while (k < d && own[i * d + k]! >= points[offset + k]!) k++;
      if (k === d) continue;
      if (kept < i) {
        for (let m = 0; m < d; m++) own[kept * d + m] = own[i * d + m]!;
        owners[kept] = owners[i]!;
      }
      kept++;
    }
    if (kept === block.size) return false;
    this.#size -= block.size - kept;
    block.size = kept;
    this.#measure(block);
    return true;
  }

  #add(points: Float64Array, offset: number, owner: number): void {
    const d = this.dimensions;
    // The last block that does not begin behind the point.
    let at = 0;
    while (at + 1 < this.#blocks.length && this.#blocks[at + 1]!.box[0]! <= points[offset]!) at++;
    let block = this.#blocks[at];
    if (block === undefined) {
      block = this.#newBlock();
      this.#blocks.push(block);
    }
    for (let k = 0; k < d; k++) {
      const value = points[offset + k]!;
      block.points[block.size * d + k] = value;
      if (value < block.box[k]!) block.box[k] = value;
      if (value > block.box[d + k]!) block.box[d + k] = value;
    }
    block.owners[block.size] = owner;
    block.size++;
    this.#size++;
    if (block.size === BLOCK) this.#split(at, block);
  }

  /** The half with the larger first objective moves to a block of its own. */
  #split(at: number, block: Block): void {
    const d = this.dimensions;
    const order = Array.from({ length: BLOCK }, (_, i) => i);
    order.sort((a, b) => block.points[a * d]! - block.points[b * d]! || a - b);
    const halves = [this.#newBlock(), this.#newBlock()] as const;
    for (const [rank, i] of order.entries()) {
      const half = halves[rank < BLOCK / 2 ? 0 : 1];
      half.points.set(block.points.subarray(i * d, (i + 1) * d), half.size * d);
      half.owners[half.size++] = block.owners[i]!;
    }
    for (const half of halves) this.#measure(half);
    this.#blocks.splice(at, 1, ...halves);
  }

  #newBlock(): Block {
    const d = this.dimensions;
    const box = new Float64Array(2 * d).fill(Number.NEGATIVE_INFINITY);
    box.fill(Number.POSITIVE_INFINITY, 0, d);
    return { size: 0, points: new Float64Array(BLOCK * d), owners: new Int32Array(BLOCK), box };
  }

  #measure({ size, points, box }: Block): void {
    const d = this.dimensions;
    box.fill(Number.POSITIVE_INFINITY, 0, d);
    box.fill(Number.NEGATIVE_INFINITY, d);
    for (let i = 0; i < size; i++)
      for (let k = 0; k < d; k++) {
        box[k] = Math.min(box[k]!, points[i * d + k]!);
        box[d + k] = Math.max(box[d + k]!, points[i * d + k]!);
      }
  }
}

function mayBeat(box: Float64Array, points: Float64Array, offset: number, d: number): boolean {
  for (let k = 1; k < d; k++) if (box[k]! > points[offset + k]!) return false;
  return true;
}

function mayLose(box: Float64Array, points: Float64Array, offset: number, d: number): boolean {
  for (let k = 0; k < d; k++) if (box[d + k]! < points[offset + k]!) return false;
  return true;
}
