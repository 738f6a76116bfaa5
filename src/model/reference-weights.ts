import type { Random } from "../random/random.js";
import type { WeightLayout } from "./layer-spec.js";

/**
 * Distribution of the synthetic weights of a reference layer.
 * - `gaussian`: normal.
 * - `laplace`: a sharper peak and heavier tails than normal.
 * - `student`: Student's t with 5 degrees of freedom. One channel in 64 is four times as wide
 *   (outlier channels).
 * - `channel-scaled`: normal, with a log-uniform width per channel that varies by a factor of about
 *   8.
 */
export type WeightDistribution = "gaussian" | "laplace" | "student" | "channel-scaled";

/**
 * Number of independent deviates per layer. The channels read them at different offsets and
 * strides.
 */
const POOL_SIZE = 16_384;

/**
 * Deterministic synthetic weights of a 2-D layout. It draws one pool of deviates. Each channel
 * walks the pool from its own offset, with an odd stride and a sign of its own. So every channel
 * has the distribution, at one multiplication per weight.
 * @param deviation standard deviation of the weights before channel scaling
 * @returns the weights, row-major over `layout.shape`
 */
export function referenceWeights(
  layout: WeightLayout,
  distribution: WeightDistribution,
  deviation: number,
  random: Random,
): Float32Array {
  const pool = new Float32Array(POOL_SIZE);
  for (let i = 0; i < POOL_SIZE; i++) pool[i] = draw(distribution, random) * deviation;
  const [rows = 1, columns = 1] = layout.shape;
  const channelIsRow = layout.channelAxis === 0;
  const channels = channelIsRow ? rows : columns;
  const length = channelIsRow ? columns : rows;
  const channelStep = channelIsRow ? columns : 1;
  const elementStep = channelIsRow ? 1 : columns;
  const weights = new Float32Array(rows * columns);
  for (let channel = 0; channel < channels; channel++) {
    const factor = channelFactor(distribution, random) * (random.chance(0.5) ? 1 : -1);
    const stride = 2 * random.integer(POOL_SIZE / 2) + 1;
    let at = random.integer(POOL_SIZE);
    for (let k = 0; k < length; k++) {
      weights[channel * channelStep + k * elementStep] = factor * (pool[at] as number);
      at = (at + stride) % POOL_SIZE;
    }
  }
  return weights;
}

/** Draws a deviate of unit variance. */
function draw(distribution: WeightDistribution, random: Random): number {
  if (distribution === "laplace") {
    const u = random.next() - 0.5;
    return (-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))) / Math.SQRT2;
  }
  if (distribution === "student") {
    let chiSquared = 0;
    for (let i = 0; i < 5; i++) chiSquared += random.normal() ** 2;
    return (random.normal() / Math.sqrt(chiSquared / 5)) * Math.sqrt(3 / 5);
  }
  return random.normal();
}

function channelFactor(distribution: WeightDistribution, random: Random): number {
  if (distribution === "student") return random.chance(1 / 64) ? 4 : 1;
  if (distribution === "channel-scaled") return 0.35 * 8 ** random.next();
  return 1;
}
