/**
 * The role that a layer's name suggests. Case does not matter, and the first row that matches
 * counts.
 *
 * | role | the name has |
 * | --- | --- |
 * | `embedding` | embed, or the word wte, wpe |
 * | `query`, `key`, `value` | the word query, key, value, or q_proj, k_proj, v_proj |
 * | `attention` | attention, attn, qkv, or o_proj |
 * | `ffn` | the word ffn, mlp, fc, dense, linear, feedforward; (up, down, gate)_proj |
 * | `depthwise-conv` | depthwise, dwconv |
 * | `conv` | conv |
 * | `output` | the word output, head, classifier, logits, projection, proj |
 * | `other` | anything else, such as layer_0 |
 *
 * A "word" stands between characters that are not letters, or at a change from lower to upper case.
 * So `fc1`, `block.2.fc` and `lmHead` have the words fc, fc and head, but `monkey` does not have
 * the word key.
 */
export type LayerRole =
  | "embedding"
  | "query"
  | "key"
  | "value"
  | "attention"
  | "ffn"
  | "depthwise-conv"
  | "conv"
  | "output"
  | "other";

const word = (alternatives: string) => new RegExp(`(?<![a-z])(${alternatives})(?![a-z])`);

const PATTERNS: readonly (readonly [LayerRole, RegExp])[] = [
  ["embedding", /embed|(?<![a-z])(wte|wpe)(?![a-z])/],
  ["query", word("query|q_proj")],
  ["key", word("key|k_proj")],
  ["value", word("value|v_proj")],
  ["attention", /attention|attn|qkv|(?<![a-z])o_proj/],
  ["ffn", word("ffn|mlp|fc|dense|linear|feed[_. -]?forward|(up|down|gate)_proj")],
  ["depthwise-conv", /depthwise|dw_?conv/],
  ["conv", /conv/],
  ["output", word("outputs?|projection|proj|head|classifier|logits")],
];

/** The role that a layer's name suggests; {@link LayerRole} lists the patterns. */
export function roleOfName(name: string): LayerRole {
  const words = name.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
  return PATTERNS.find(([, pattern]) => pattern.test(words))?.[0] ?? "other";
}
