/** What a document may cost to read; more is refused before it is parsed. */
export const DOCUMENT_LIMITS = {
  /** Characters of a JSON document. */
  jsonCharacters: 64 * 1024 * 1024,
  /** Entries of all lists and objects of a JSON document: even a number takes 8 bytes. */
  jsonEntries: 10_000_000,
  /** Lists and objects of a JSON document: an empty one is 3 characters and some 60 bytes. */
  jsonContainers: 3_000_000,
  /** Keys of one object. A measurement table or checkpoint has a few for each layer. */
  jsonKeys: 1_000_000,
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
