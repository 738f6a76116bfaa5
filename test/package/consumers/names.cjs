// Every entry point of the installed package, as one imports it.
const manifest = require("quantevo/package.json");

module.exports = Object.keys(manifest.exports)
  .filter((name) => name !== "./package.json")
  .map((name) => name.replace(/^\./, "quantevo"));
