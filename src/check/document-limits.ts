/** What a document may cost to read; more is refused before it is parsed. */
export const DOCUMENT_LIMITS = {
  /** Characters of a JSON document. */
  jsonCharacters: 64 * 1024 * 1024,
  /**
   * Commas and opening brackets of a JSON document: its values, about. One takes a hundred bytes at
   * most. As many characters of ours have fewer.
   */
  jsonValues: 5_000_000,
  /** Characters of a YAML document; reading YAML costs far more per character than JSON. */
  yamlCharacters: 1024 * 1024,
  /** Lines of a YAML document: about 4,000 layers. */
  yamlLines: 50_000,
  /** Tokens of a YAML document; a line of ours has 8. */
  yamlTokens: 400_000,
  /** Objects and lists within each other. Documents of ours need 6. */
  depth: 32,
  /** Columns a line of YAML may be indented outside of scalars. Documents of ours need 8. */
  yamlIndent: 64,
} as const;
