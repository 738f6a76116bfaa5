/**
 * Where a checkpoint is kept. For `path` the engine uses a file. A browser, a database or a test
 * passes a custom store. An error that `write` or `append` throws is reported and does not stop the
 * run.
 *
 * @example
 * ```ts
 * const store: CheckpointStore = {
 *   read: async () => localStorage.getItem("search") ?? undefined,
 *   write: async (text) => localStorage.setItem("search", text),
 * };
 * await engine.runEvolution(layers, { checkpoint: { store } });
 * ```
 */
export interface CheckpointStore {
  /** The whole stored text; undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Replaces the stored text as a whole. If it fails, it must leave the old text as it is. */
  write(text: string): Promise<void>;
  /**
   * Appends text, which is safe once the promise resolves. If it fails, part of the text may
   * remain, as long as the next `append` or `write` removes it. Without this method, `write` gets
   * the whole text, which the run then keeps in memory.
   */
  append?(text: string): Promise<void>;
}
