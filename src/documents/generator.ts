/**
 * The program that a document names as its writer. The version is that of package.json (a test
 * compares them).
 */
export const GENERATOR = { name: "quantevo", version: "0.1.0" } as const;
