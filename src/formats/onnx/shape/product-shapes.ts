import { intAttribute } from "../graph/node-attributes.js";
import { einsumTerms } from "./einsum-terms.js";
import { broadcastShapes, type Shape, type ShapeRule } from "./shape-context.js";

/** Shape of `a` times `b` by the rules of numpy.matmul; undefined when they do not fit. */
export function matMulShape(a: Shape, b: Shape): Shape | undefined {
  if (a.length === 0 || b.length === 0) return undefined;
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  if (left.at(-1) !== right.at(-2)) return undefined;
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2));
  if (batch === undefined) return undefined;
  const out = [...batch];
  if (a.length > 1) out.push(left.at(-2)!);
  if (b.length > 1) out.push(right.at(-1)!);
  return out;
}

const matMul: ShapeRule = (node, context) => {
  const a = context.shape(node, 0);
  const b = context.shape(node, 1);
  return a === undefined || b === undefined ? [] : [matMulShape(a, b)];
};

const gemm: ShapeRule = (node, context) => {
  const a = context.shape(node, 0);
  const b = context.shape(node, 1);
  if (a?.length !== 2 || b?.length !== 2) return [];
  const left = intAttribute(node, "transA", 0) ? [a[1]!, a[0]!] : a;
  const right = intAttribute(node, "transB", 0) ? [b[1]!, b[0]!] : b;
  return [matMulShape(left, right)];
};

/**
 * X [seq, batch, input] (or [batch, seq, input] for layout 1); outputs Y, Y_h and, for LSTM, Y_c.
 */
const recurrent: ShapeRule = (node, context) => {
  const x = context.shape(node, 0);
  const r = context.shape(node, 2);
  if (x?.length !== 3 || r?.length !== 3) return [];
  const directions = r[0]!;
  const hidden = r[2]!;
  if (intAttribute(node, "layout", 0) === 1) {
    const state = [x[0]!, directions, hidden];
    return [[x[0]!, x[1]!, directions, hidden], state, state];
  }
  const state = [directions, x[1]!, hidden];
  return [[x[0]!, directions, x[1]!, hidden], state, state];
};

/** Every name of an axis has one extent. */
const einsum: ShapeRule = (node, context) => {
  const shapes = node.input.map((_, position) => context.shape(node, position));
  if (shapes.includes(undefined)) return [];
  const terms = einsumTerms(
    node,
    shapes.map((shape) => shape!.length),
  );
  const extents = new Map<string, number>();
  terms?.operands.forEach((names, position) => {
    names.forEach((name, axis) => {
      const seen = extents.get(name);
      if (seen === undefined || seen === 1) extents.set(name, shapes[position]![axis]!);
    });
  });
  return terms === undefined ? [] : [terms.result.map((name) => extents.get(name)!)];
};

/**
 * Attention of opset 23: Q, K, V as [batch, heads, sequence, width] or [batch, sequence, heads *
 * width].
 */
const attention: ShapeRule = (node, context) => {
  const q = context.shape(node, 0);
  const v = context.shape(node, 2);
  if (q === undefined || v === undefined || q.length !== v.length) return [];
  if (q.length === 4) return [[q[0]!, q[1]!, q[2]!, v[3]!]];
  const perHead = v.at(-1)! / intAttribute(node, "kv_num_heads", 1);
  return q.length === 3 ? [[q[0]!, q[1]!, perHead * intAttribute(node, "q_num_heads", 1)]] : [];
};

/** Shape rules of matrix products and recurrent layers. */
export const PRODUCT_RULES: Readonly<Record<string, ShapeRule>> = {
  MatMul: matMul,
  MatMulInteger: matMul,
  Gemm: gemm,
  LSTM: recurrent,
  GRU: recurrent,
  RNN: recurrent,
  Einsum: einsum,
  Attention: attention,
};
