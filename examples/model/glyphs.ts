/** A point of a glyph, x to the right and y down, both within -1..1. */
export type Point = readonly [x: number, y: number];

/** A glyph: strokes, each a line through its points. */
export type Glyph = readonly (readonly Point[])[];

/** An arc around (cx, cy) from one angle to another, in degrees, as a line of short steps. */
function arc(cx: number, cy: number, radius: number, from: number, to: number): Point[] {
  const steps = Math.max(3, Math.ceil(Math.abs(to - from) / 25));
  return Array.from({ length: steps + 1 }, (_, i): Point => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [cx + radius * Math.cos(angle), cy + radius * Math.sin(angle)];
  });
}

/** A closed regular polygon that stands on a side or, at 0 degrees, points to the right. */
function polygon(corners: number, start: number): Point[] {
  return Array.from({ length: corners + 1 }, (_, i): Point => {
    const angle = ((start + (360 * i) / corners) * Math.PI) / 180;
    return [Math.cos(angle), Math.sin(angle)];
  });
}

function star(corners: number, inner: number): Point[] {
  return Array.from({ length: 2 * corners + 1 }, (_, i): Point => {
    const angle = ((-90 + (180 * i) / corners) * Math.PI) / 180;
    const radius = i % 2 === 0 ? 1 : inner;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

function spiral(turns: number): Point[] {
  return Array.from({ length: 28 }, (_, i): Point => {
    const part = i / 27;
    const angle = 2 * Math.PI * turns * part;
    return [(0.12 + 0.88 * part) * Math.cos(angle), (0.12 + 0.88 * part) * Math.sin(angle)];
  });
}

/**
 * The classes, in the order of their labels. Many differ from a neighbour by one stroke or one
 * corner (ring, gap, tail; square, pentagon, hexagon; E, F), so that a network needs more than a
 * coarse picture to tell them apart.
 */
export const GLYPHS: Readonly<Record<string, Glyph>> = {
  ring: [arc(0, 0, 0.95, 0, 360)],
  gap: [arc(0, 0, 0.95, 40, 320)],
  tail: [
    arc(0, 0, 0.85, 0, 360),
    [
      [0.25, 0.25],
      [1, 1],
    ],
  ],
  target: [arc(0, 0, 0.98, 0, 360), arc(0, 0, 0.3, 0, 360)],
  spiral: [spiral(1.75)],
  triangle: [polygon(3, -90)],
  square: [polygon(4, 45)],
  pentagon: [polygon(5, -90)],
  hexagon: [polygon(6, 0)],
  star: [star(5, 0.42)],
  plus: [
    [
      [-1, 0],
      [1, 0],
    ],
    [
      [0, -1],
      [0, 1],
    ],
  ],
  tee: [
    [
      [-0.9, -0.9],
      [0.9, -0.9],
    ],
    [
      [0, -0.9],
      [0, 1],
    ],
  ],
  fork: [
    [
      [-0.8, -1],
      [0, 0],
      [0.8, -1],
    ],
    [
      [0, 0],
      [0, 1],
    ],
  ],
  arrow: [
    [
      [0, -1],
      [0, 1],
    ],
    [
      [-0.7, -0.3],
      [0, -1],
      [0.7, -0.3],
    ],
  ],
  wave: [[...arc(0, -0.48, 0.48, -20, -270), ...arc(0, 0.48, 0.48, -90, 160)]],
  zigzag: [
    [
      [-0.8, -0.9],
      [0.8, -0.9],
      [-0.8, 0.9],
      [0.8, 0.9],
    ],
  ],
  comb: [
    [
      [0.7, -1],
      [-0.6, -1],
      [-0.6, 1],
      [0.7, 1],
    ],
    [
      [-0.6, 0],
      [0.5, 0],
    ],
  ],
  flag: [
    [
      [0.7, -1],
      [-0.6, -1],
      [-0.6, 1],
    ],
    [
      [-0.6, 0],
      [0.5, 0],
    ],
  ],
  tent: [
    [
      [-0.8, 1],
      [0, -1],
      [0.8, 1],
    ],
    [
      [-0.45, 0.25],
      [0.45, 0.25],
    ],
  ],
  ladder: [
    [
      [-0.7, -1],
      [-0.7, 1],
    ],
    [
      [0.7, -1],
      [0.7, 1],
    ],
    [
      [-0.7, 0],
      [0.7, 0],
    ],
  ],
};
