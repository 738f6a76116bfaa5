import type { ShapeRule } from "./shape-context.js";

/**
 * The domain of stand-ins for what If, Loop and Scan do with the values of their bodies. They occur
 * in graphs that are made to be read, never in files.
 */
export const BODY_DOMAIN = "quantevo.body";

/** A value that has one of several sources: the first known shape. */
const pass: ShapeRule = (node, context) => [
  node.input.map((_, position) => context.shape(node, position)).find((shape) => shape),
];

/** One step of a sequence: the shape without the axis that the attribute names. */
const step: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const given = Number(node.attribute[0]?.i ?? 0n);
  const axis = x && (given < 0 ? given + x.length : given);
  return [x?.filter((_, at) => at !== axis)];
};

/** The results of all steps, as far as can be told those of one. */
const stack: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  return [x && [1, ...x]];
};

/** Shape rules of the stand-ins. */
export const BODY_RULES: ReadonlyMap<string, ShapeRule> = new Map([
  ["Pass", pass],
  ["Step", step],
  ["Stack", stack],
]);
