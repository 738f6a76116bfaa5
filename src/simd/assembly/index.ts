// The module that build:wasm compiles. Memory is the host's: no heap, no runtime, pointers in,
// pointers out.
export { walkRows, walkRuns } from "./affine";
export { findNonFinite } from "./finite";
export { countMagnitudes } from "./histogram";
export { pack, unpack } from "./pack";
export { squaredErrors } from "./search";
export { rangeOfRows, rangeOfRuns, symmetricScales } from "./statistics";
export { sumsOfRows, sumsOfRuns } from "./sums";
export { ternaryScale } from "./ternary";
