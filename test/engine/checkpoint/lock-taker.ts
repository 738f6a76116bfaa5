// Takes locks as it is told, at the same moment as others: started with an IPC channel, argument
// CHECKPOINT.
import {
  lockCheckpoint,
  type ReleaseLock,
} from "../../../src/engine/checkpoint/checkpoint-lock.js";

const [path = ""] = process.argv.slice(2);
let release: ReleaseLock | undefined;
process.on("message", async (at: number | "release") => {
  if (at === "release") {
    await release?.();
    release = undefined;
    process.send!("free");
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now())));
  try {
    release = await lockCheckpoint(path);
    process.send!("taken");
  } catch (error) {
    process.send!((error as Error).message);
  }
});
process.on("disconnect", () => process.exit());
process.send!("ready");
