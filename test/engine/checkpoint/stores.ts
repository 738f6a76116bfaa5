import type { CheckpointStore } from "../../../src/index.js";

/** A checkpoint in memory, which notes what was asked of it. */
export interface MemoryStore extends CheckpointStore {
  text: string | undefined;
  readonly calls: ("write" | "append")[];
  append(text: string): Promise<void>;
}

/** @param fails throws where a write is to fail */
export function memoryStore(
  text?: string,
  fails: (call: "write" | "append") => void | Promise<void> = () => {},
): MemoryStore {
  const store: MemoryStore = {
    text,
    calls: [],
    read: async () => store.text,
    async write(whole) {
      store.calls.push("write");
      await fails("write");
      store.text = whole;
    },
    async append(more) {
      store.calls.push("append");
      await fails("append");
      store.text = (store.text ?? "") + more;
    },
  };
  return store;
}
