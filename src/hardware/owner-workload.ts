import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";

/** Blocks, width, inner width and vocabulary that give 1.75 B parameters. */
const BLOCKS = 24;
const HIDDEN = 2048;
const INNER = 8698;
const VOCABULARY = 32_000;

/**
 * The workload that the owner's "Hardware Performance" table implies: 1.75 B parameters (7.0 GB in
 * float32 over 4 bytes) and one token of decoding at batch 1, so that every weight is read once and
 * multiplied once. 24 blocks of 2048 with q, k, v, o, gate, up and down, and an output layer that
 * shares its table with the embedding. No weights arrays; key-value cache and activations of a
 * single token are left out, as the table leaves no room for them.
 */
export function ownerDocumentWorkload(): ModelSpec {
  const layers: LayerSpec[] = [];
  let stream: string[] = [];
  const product = (name: string, inputs: readonly string[], from: number, to: number) => {
    layers.push({
      name,
      kind: "matmul",
      parameterCount: from * to,
      macs: from * to,
      inputShape: [1, 1, from],
      outputShape: [1, 1, to],
      weightLayout: { shape: [to, from], channelAxis: 0, groupAxis: 1 },
      inputs,
    });
    return name;
  };
  for (let block = 0; block < BLOCKS; block++) {
    const part = (name: string) => `block_${block}_${name}`;
    for (const name of ["query", "key", "value"]) product(part(name), stream, HIDDEN, HIDDEN);
    // What comes between value and output has no weights: scores of one token with itself.
    const attended = product(part("output"), [part("value")], HIDDEN, HIDDEN);
    stream = [...stream, attended];
    for (const name of ["gate", "up"]) product(part(name), stream, HIDDEN, INNER);
    stream = [...stream, product(part("down"), [part("up")], INNER, HIDDEN)];
  }
  product("head", stream, HIDDEN, VOCABULARY);
  return { name: "owner's document: 1.75 B parameters, one token", source: "user", layers };
}
