/**
 * Where a checkpoint is kept. With `path` quantevo keeps it in a file; a browser, a database or a
 * test gives a store of its own. What a method throws is reported and does not stop the run.
 */
export interface CheckpointStore {
  /** The whole text that was kept; undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Puts this text in place of all that is there, or leaves all as it is: never half of it. */
  write(text: string): Promise<void>;
  /**
   * Adds text at the end; when it resolves, the text is safe. When it fails, part of the text may
   * have been kept, as long as the next `append` or `write` takes that away. Absent: `write` is
   * called with the whole text, which is then kept in memory.
   */
  append?(text: string): Promise<void>;
}
