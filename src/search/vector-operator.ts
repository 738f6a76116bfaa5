import type { Random } from "../random/random.js";

/** Makes a child of one or two parents, in place. Genes stay below their counts. */
export interface VectorOperator {
  readonly name: string;
  /** Reads the second parent. */
  readonly mates: boolean;
  /**
   * @param child holds a copy of the first parent; changed in place
   * @param mate the second parent, to be read only; any vector where `mates` is false
   */
  vary(child: Uint16Array, mate: Uint16Array, random: Random): void;
}
