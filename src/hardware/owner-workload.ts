import type { LayerSpec, ModelSpec } from "../model/layer-spec.js";

/** Blocks, width, inner width and vocabulary, which give 1.75 B parameters. */
const BLOCKS = 24;
const HIDDEN = 2048;
const INNER = 8698;
const VOCABULARY = 32_000;

/**
 * The workload that the owner's "Hardware Performance" table implies. It has 1.75 B parameters (7.0
 * GB in float32 over 4 bytes), and decodes one token at batch 1. So every weight is read once and
 * multiplied once.
 *
 * It has 24 blocks of width 2048 with q, k, v, o, gate, up and down, and an output layer that
 * shares its table with the embedding. It has no weight arrays. Key-value cache and activations are
 * left out, because the table leaves no room for them.
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
    // Between value and output there are no weights: one token's scores with itself.
    const attended = product(part("output"), [part("value")], HIDDEN, HIDDEN);
    stream = [...stream, attended];
    for (const name of ["gate", "up"]) product(part(name), stream, HIDDEN, INNER);
    stream = [...stream, product(part("down"), [part("up")], INNER, HIDDEN)];
  }
  product("head", stream, HIDDEN, VOCABULARY);
  return { name: "owner's document: 1.75 B parameters, one token", source: "user", layers };
}
