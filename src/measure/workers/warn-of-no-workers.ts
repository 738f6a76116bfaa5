let warned = false;

/**
 * Says once, as a process warning with the code QUANTEVO_NO_WORKERS, that work goes on without
 * workers.
 */
export function warnOfNoWorkers(message: string): void {
  if (warned) return;
  warned = true;
  process.emitWarning(message, { code: "QUANTEVO_NO_WORKERS" });
}
