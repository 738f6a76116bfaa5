/**
 * The program that a document names as its writer. The version is that of package.json, which
 * `npm version` writes here; the source therefore knows it without a build, in browsers too.
 */
export const GENERATOR = { name: "quantevo", version: "0.1.0" } as const;
