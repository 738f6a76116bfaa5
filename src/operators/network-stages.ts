import type { GeneSpace } from "../genome/gene-space.js";

/**
 * The parts of a network that its layer names tell apart, as places in `space.owners`: names are
 * cut into words and numbers (`layer3.0.conv1`, `encoder_layer_0_ffn`), and at every depth of
 * cutting, layers that share their beginning are a part, such as a stage, a block, a layer's query,
 * key and value. Parts of one owner, of all owners, and those that were named before are left out;
 * where names tell nothing, there are none.
 */
export function networkStages(space: GeneSpace): readonly (readonly number[])[] {
  let stages = known.get(space);
  if (stages === undefined) {
    const { owners } = space;
    const parts = new Map<string, number[]>();
    for (const [at, { name }] of owners.entries()) {
      let prefix = "";
      for (const word of (name.match(/[A-Za-z]+|\d+/g) ?? []).slice(0, MOST_WORDS)) {
        prefix += ` ${word}`;
        const part = parts.get(prefix);
        if (part === undefined) parts.set(prefix, [at]);
        else if (part.at(-1) !== at) part.push(at);
      }
    }
    const distinct = new Map<string, readonly number[]>();
    for (const part of parts.values())
      if (part.length > 1 && part.length < owners.length)
        distinct.set(`${part.length} ${part[0]} ${part.at(-1)}`, part);
    stages = [...distinct.values()];
    known.set(space, stages);
  }
  return stages;
}

/** Deeper names than this are no deeper parts. */
const MOST_WORDS = 8;

const known = new WeakMap<GeneSpace, readonly (readonly number[])[]>();
