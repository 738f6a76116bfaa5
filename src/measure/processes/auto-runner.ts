import type { GenomeRunner } from "../runner.js";

/**
 * Evaluations on this thread take so long in all before processes are started: starting costs about
 * a second.
 */
const PATIENCE_MS = 2000;

/**
 * Runs genomes on this thread until that has taken two seconds and several are asked for at once;
 * from then on in worker processes. The clock decides where a genome runs, never what comes out.
 * @param openWorkers undefined: there can be none, this thread goes on
 */
export function autoRunner(
  local: GenomeRunner,
  openWorkers: () => Promise<GenomeRunner | undefined>,
): GenomeRunner {
  let workers: Promise<GenomeRunner | undefined> | undefined;
  let inFlight = 0;
  let spentMs = 0;
  return {
    run: async (genome, options) => {
      inFlight++;
      try {
        if (inFlight > 1 && spentMs >= PATIENCE_MS) workers ??= openWorkers();
        const remote = await workers;
        if (remote !== undefined) return await remote.run(genome, options);
        const start = performance.now();
        try {
          return await local.run(genome, options);
        } finally {
          spentMs += performance.now() - start;
        }
      } finally {
        inFlight--;
      }
    },
    dispose: async () => {
      await local.dispose();
      await (await workers)?.dispose();
    },
  };
}
