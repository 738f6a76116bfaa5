const PARTS: ReadonlySet<string> = new Set([
  "q",
  "k",
  "v",
  "qkv",
  "query",
  "key",
  "value",
  "attn",
  "attention",
  "mha",
]);

/**
 * True when a node's or weight's name says that it projects for attention: one of its parts,
 * between any of `/ . _ : -`, is q, k, v, qkv, query, key, value, mha, or ends in attn or
 * attention. Matches `/b.0/q/MatMul`, `layers.3.self_attn.q_proj.weight`,
 * `encoder.layer.0.attention.self.key`, `h.0.c_attn`; not `fc_out`.
 */
export function isAttentionName(name: string): boolean {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .some((part) => PARTS.has(part) || part.endsWith("attn") || part.endsWith("attention"));
}
