import type { ModelSpec } from "../../src/model/layer-spec.js";
import { NetworkBuilder } from "./network-builder.js";

interface EncoderSizes {
  readonly blocks: number;
  readonly hidden: number;
  readonly tokens: number;
  readonly vocabulary?: number;
}

/**
 * A BERT-style encoder (Devlin et al. 2019) on `tokens` tokens, softmax and layer norms as
 * followers.
 */
export function bert(
  name: string,
  { blocks, hidden, tokens, vocabulary = 30_522 }: EncoderSizes,
): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.embedding(tokens, vocabulary, hidden);
  for (let i = 0; i < blocks; i++) {
    const q = net.dense(x, hidden);
    const k = net.dense(x, hidden);
    const v = net.dense(x, hidden);
    const heads = hidden / 64;
    const scores = net.product(q, k, [1, heads, tokens, tokens], tokens * tokens * hidden, [
      "Softmax",
    ]);
    const context = net.product(scores, v, [1, tokens, hidden], tokens * tokens * hidden);
    x = net.add(x, net.dense(context, hidden, ["LayerNormalization"]));
    const inner = net.dense(x, 4 * hidden, ["Gelu"]);
    x = net.add(x, net.dense(inner, hidden, ["LayerNormalization"]));
  }
  return net.build(name);
}

/** ViT-B/16 at 224 x 224 (Dosovitskiy et al. 2021). */
export function vitB16(): ModelSpec {
  const net = new NetworkBuilder();
  const patches = net.conv(net.input(1, 3, 224, 224), 768, 16, { stride: 16 });
  let x = net.reshape(patches, 1, 197, 768);
  for (let i = 0; i < 12; i++) {
    const q = net.dense(x, 768);
    const k = net.dense(x, 768);
    const v = net.dense(x, 768);
    const scores = net.product(q, k, [1, 12, 197, 197], 197 * 197 * 768, ["Softmax"]);
    const context = net.product(scores, v, [1, 197, 768], 197 * 197 * 768);
    x = net.add(x, net.dense(context, 768, ["LayerNormalization"]));
    x = net.add(x, net.dense(net.dense(x, 3072, ["Gelu"]), 768, ["LayerNormalization"]));
  }
  net.dense(net.reshape(x, 1, 768), 1000);
  return net.build("ViT-B/16");
}

interface DecoderSizes {
  readonly blocks: number;
  readonly hidden: number;
  readonly inner: number;
  readonly vocabulary: number;
  /** Width of keys and values (grouped-query attention). */
  readonly keyValue: number;
  /** Tokens already in the key-value cache. */
  readonly context: number;
}

const DECODERS: Record<string, Omit<DecoderSizes, "context">> = {
  "Llama-2-7B": { blocks: 32, hidden: 4096, inner: 11_008, vocabulary: 32_000, keyValue: 4096 },
  "Llama-3.1-8B": { blocks: 32, hidden: 4096, inner: 14_336, vocabulary: 128_256, keyValue: 1024 },
  "Llama-3.2-3B": { blocks: 28, hidden: 3072, inner: 8192, vocabulary: 128_256, keyValue: 1024 },
  "Llama-3.2-1B": { blocks: 16, hidden: 2048, inner: 8192, vocabulary: 128_256, keyValue: 512 },
  "SmolLM2-1.7B": { blocks: 24, hidden: 2048, inner: 8192, vocabulary: 49_152, keyValue: 2048 },
  "Qwen2.5-3B": { blocks: 36, hidden: 2048, inner: 11_008, vocabulary: 151_936, keyValue: 256 },
  "Qwen2.5-1.5B": { blocks: 28, hidden: 1536, inner: 8960, vocabulary: 151_936, keyValue: 256 },
  "Qwen2.5-0.5B": { blocks: 24, hidden: 896, inner: 4864, vocabulary: 151_936, keyValue: 128 },
};

/** The sizes of a decoder. @throws Error for another name */
function decoderSizes(name: string) {
  const sizes = DECODERS[name];
  if (sizes === undefined) throw new Error(`no decoder ${name}`);
  return sizes;
}

/**
 * A whole prompt through a Llama-style model: causal attention (half of the products), the last
 * token's output layer.
 */
export function prefill(name: string, tokens: number): ModelSpec {
  const { blocks, hidden, inner, vocabulary, keyValue } = decoderSizes(name);
  const net = new NetworkBuilder();
  const products = (tokens * (tokens + 1) * hidden) / 2;
  let x = net.embedding(tokens, vocabulary, hidden);
  for (let i = 0; i < blocks; i++) {
    const q = net.dense(x, hidden);
    const k = net.dense(x, keyValue);
    const v = net.dense(x, keyValue);
    const scores = net.product(q, k, [1, hidden / 64, tokens, tokens], products, ["Softmax"]);
    const mixed = net.product(scores, v, [1, tokens, hidden], products);
    x = net.add(x, net.dense(mixed, hidden));
    const gate = net.dense(x, inner, ["Swish", "Mul"]);
    const up = net.dense(x, inner);
    x = net.add(x, net.dense(net.add(gate, up), hidden));
  }
  net.dense(net.reshape(x, 1, hidden), vocabulary);
  return net.build(`${name} prefill ${tokens}`);
}

/**
 * One decode step of a Llama-style model: a single token, keys and values of the context read from
 * memory.
 */
export function decodeStep(name: string, context = 128): ModelSpec {
  const { blocks, hidden, inner, vocabulary, keyValue } = decoderSizes(name);
  const net = new NetworkBuilder();
  let x = net.embedding(1, vocabulary, hidden);
  for (let i = 0; i < blocks; i++) {
    const q = net.dense(x, hidden);
    const k = net.dense(x, keyValue);
    const v = net.dense(x, keyValue);
    const cache = { shape: [1, context, keyValue], from: k.from };
    const scores = net.product(q, cache, [1, 1, context], context * hidden, ["Softmax"]);
    const values = { shape: [1, context, keyValue], from: v.from };
    const mixed = net.product(scores, values, [1, 1, hidden], context * hidden);
    x = net.add(x, net.dense(mixed, hidden));
    const gate = net.dense(x, inner, ["Swish", "Mul"]);
    const up = net.dense(x, inner);
    x = net.add(x, net.dense(net.add(gate, up), hidden));
  }
  net.dense(x, vocabulary);
  return net.build(`${name} decode`);
}
