// The data of the embedded demo model: pictures of twenty glyphs, drawn from a seed. Nothing is
// downloaded. npx tsx examples/model/generate-data.ts DIRECTORY writes the .npy files that train.py
// reads
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import seedrandom from "seedrandom";
import { GLYPHS, type Glyph } from "./glyphs.js";

/** Width and height of an image, in pixels. */
export const IMAGE_SIZE = 28;

/** The names of the classes; a label is an index into this list. */
export const CLASS_NAMES: readonly string[] = Object.keys(GLYPHS);

/**
 * Seeds of the data sets: train on the first, calibrate and search on the next two, and only report
 * on `test`.
 */
export const SEEDS = {
  train: "quantevo-train",
  calibration: "quantevo-calibration",
  validation: "quantevo-validation",
  test: "quantevo-test",
} as const;

export interface GeneratedImages {
  /** Pixels as the model takes them: 0 to 1 in steps of 1/255, in the order [count, 1, 28, 28]. */
  readonly images: Float32Array;
  /**
   * Class of each image, 0 to 19; image i is of class i mod 20, so that any run of images is
   * balanced.
   */
  readonly labels: Uint8Array;
  readonly shape: readonly [count: number, channels: number, height: number, width: number];
}

/**
 * Draws images from a seed. The same seed gives the same images, and the first n of a longer run
 * are those of a shorter one.
 */
export function generateImages(options: { count: number; seed: string | number }): GeneratedImages {
  const { pixels, labels } = generatePixels(options);
  const images = Float32Array.from(pixels, (pixel) => pixel / 255);
  return { images, labels, shape: [options.count, 1, IMAGE_SIZE, IMAGE_SIZE] };
}

/** The same images with their pixels as bytes, a quarter of the size. */
export function generatePixels(options: { count: number; seed: string | number }): {
  pixels: Uint8Array;
  labels: Uint8Array;
} {
  const { count, seed } = options;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`count is ${count}; it must be a whole number of at least 1`);
  }
  const glyphs = Object.values(GLYPHS);
  const seeds = seedrandom(String(seed));
  const area = IMAGE_SIZE * IMAGE_SIZE;
  const pixels = new Uint8Array(count * area);
  const labels = new Uint8Array(count);
  const ink = new Float64Array(area);
  for (let i = 0; i < count; i++) {
    const label = i % glyphs.length;
    labels[i] = label;
    const draw = new Draws(seeds.int32());
    paint(glyphs[label] as Glyph, draw, ink, pixels.subarray(i * area, (i + 1) * area));
  }
  return { pixels, labels };
}

/**
 * Numbers for one image (mulberry32): all integer arithmetic, so equal everywhere, and quick enough
 * for noise.
 */
class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }

  between(low: number, high: number): number {
    return low + ((high - low) * this.bits()) / 4294967296;
  }

  /** About normal, with mean 0 and deviation 1: the sum of the four bytes of one draw. */
  noise(): number {
    const b = this.bits();
    return ((b & 255) + ((b >>> 8) & 255) + ((b >>> 16) & 255) + (b >>> 24) - 510) / 147.8;
  }
}

/**
 * One image: background with a slope of light, clutter, the glyph, something in front of it, noise.
 */
function paint(glyph: Glyph, draw: Draws, ink: Float64Array, pixels: Uint8Array): void {
  const middle = (IMAGE_SIZE - 1) / 2;
  const contrast = draw.between(0.22, 0.6);
  const lighter = draw.bits() % 2 === 0;
  const level = lighter ? draw.between(0.1, 0.85 - contrast) : draw.between(0.15 + contrast, 0.9);
  const slopeX = draw.between(-0.16, 0.16) / middle;
  const slopeY = draw.between(-0.16, 0.16) / middle;
  const noise = draw.between(0.02, 0.09);

  ink.fill(0);
  const clutter = draw.bits() % 4;
  for (let i = 0; i < clutter; i++) {
    const x = draw.between(0, IMAGE_SIZE);
    const y = draw.between(0, IMAGE_SIZE);
    const width = draw.between(0.4, 0.9);
    stroke(
      ink,
      x,
      y,
      x + draw.between(-8, 8),
      y + draw.between(-8, 8),
      width,
      draw.between(0.3, 0.8),
    );
  }

  const angle = draw.between(-0.5, 0.5);
  const shear = draw.between(-0.22, 0.22);
  const scaleX = draw.between(6, 10.5);
  const scaleY = scaleX * draw.between(0.78, 1.28);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const reach = Math.max(1, middle - 0.95 * Math.max(scaleX, scaleY));
  const centreX = middle + draw.between(-reach, reach);
  const centreY = middle + draw.between(-reach, reach);
  const width = draw.between(0.55, 1.35);
  for (const line of glyph) {
    let lastX = 0;
    let lastY = 0;
    line.forEach(([gx, gy], i) => {
      // A hand that is not quite steady: each point is off by a little.
      const px = (gx + shear * gy) * scaleX + draw.between(-0.45, 0.45);
      const py = gy * scaleY + draw.between(-0.45, 0.45);
      const x = centreX + cos * px - sin * py;
      const y = centreY + sin * px + cos * py;
      if (i > 0) stroke(ink, lastX, lastY, x, y, width, 1);
      lastX = x;
      lastY = y;
    });
  }

  const hidden = draw.bits() % 2 === 0;
  const hideWidth = draw.between(2, 6);
  const hideHeight = draw.between(2, 6);
  const hideX = centreX + draw.between(-9, 9) - hideWidth / 2;
  const hideY = centreY + draw.between(-9, 9) - hideHeight / 2;
  const hideLight = draw.between(0.1, 0.9);

  for (let y = 0; y < IMAGE_SIZE; y++) {
    for (let x = 0; x < IMAGE_SIZE; x++) {
      const at = y * IMAGE_SIZE + x;
      const covered =
        hidden && x >= hideX && x < hideX + hideWidth && y >= hideY && y < hideY + hideHeight;
      const paper = level + slopeX * (x - middle) + slopeY * (y - middle);
      const value = covered
        ? hideLight
        : paper + (lighter ? contrast : -contrast) * (ink[at] as number);
      const noisy = value + noise * draw.noise();
      pixels[at] = Math.round(255 * Math.min(1, Math.max(0, noisy)));
    }
  }
}

/** Adds a straight stroke with soft edges; where strokes cross, the stronger one counts. */
function stroke(
  ink: Float64Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  width: number,
  strength: number,
): void {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const squared = dx * dx + dy * dy;
  const margin = width + 1;
  const left = Math.max(0, Math.ceil(Math.min(x0, x1) - margin));
  const right = Math.min(IMAGE_SIZE - 1, Math.floor(Math.max(x0, x1) + margin));
  const top = Math.max(0, Math.ceil(Math.min(y0, y1) - margin));
  const bottom = Math.min(IMAGE_SIZE - 1, Math.floor(Math.max(y0, y1) + margin));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = squared === 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / squared;
      const nearest = Math.min(1, Math.max(0, along));
      const offX = x - x0 - nearest * dx;
      const offY = y - y0 - nearest * dy;
      const cover = width + 0.5 - Math.sqrt(offX * offX + offY * offY);
      const value = strength * Math.min(1, Math.max(0, cover));
      const at = y * IMAGE_SIZE + x;
      if (value > (ink[at] as number)) ink[at] = value;
    }
  }
}

/**
 * A .npy file, version 1.0, of bytes
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
 */
function npy(bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const padded = header.padEnd(Math.ceil((header.length + 11) / 64) * 64 - 11);
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(padded.length + 1, 8);
  return Buffer.concat([head, Buffer.from(`${padded}\n`, "latin1"), bytes]);
}

async function dump(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const counts = { train: 100_000, calibration: 512, validation: 2_000, test: 2_000 };
  for (const part of ["train", "calibration", "validation", "test"] as const) {
    const { pixels, labels } = generatePixels({ count: counts[part], seed: SEEDS[part] });
    const shape = [counts[part], 1, IMAGE_SIZE, IMAGE_SIZE];
    await writeFile(join(directory, `${part}-images.npy`), npy(pixels, shape));
    await writeFile(join(directory, `${part}-labels.npy`), npy(labels, [counts[part]]));
    console.log(`${part}: ${counts[part]} images`);
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const directory = process.argv[2];
  if (directory === undefined) {
    console.error("usage: npx tsx examples/model/generate-data.ts DIRECTORY");
    process.exitCode = 2;
  } else {
    await dump(directory);
  }
}
