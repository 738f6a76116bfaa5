// A CommonJS consumer: requires every entry point, and finds one copy of every class.
const names = require("./names.cjs");
const search = require("./search.cjs");

for (const name of names)
  if (Object.keys(require(name)).length === 0) throw new Error(`${name} exports nothing`);

const { QuantevoError } = require("quantevo");
const { packBits } = require("quantevo/quantization");
let failure;
try {
  packBits(new Int8Array(1), 7);
} catch (error) {
  failure = error;
}
if (!(failure instanceof QuantevoError)) throw new Error("packBits throws another QuantevoError");

search(require("quantevo")).then(
  () => console.log("cjs ok"),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
