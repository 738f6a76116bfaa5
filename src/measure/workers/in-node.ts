/** Node.js, where there are worker processes and threads. */
export const inNode = (): boolean =>
  typeof process !== "undefined" && process.versions?.node !== undefined;
