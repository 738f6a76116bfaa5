// Writes the version of package.json, its one place, into generator.ts: `npm version` runs this. A
// test fails while the two differ.
import { readFileSync, writeFileSync } from "node:fs";

const { version } = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
);
const target = new URL("generator.ts", import.meta.url);
const text = readFileSync(target, "utf8");
writeFileSync(target, text.replace(/version: "[^"]*"/, `version: "${version}"`));
