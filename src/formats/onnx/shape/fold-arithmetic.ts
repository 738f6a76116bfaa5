import { extentProduct, type FoldedTensor, type Shape } from "./shape-context.js";

/** Element-wise arithmetic on known tensors, broadcast to `dims`. */
export type ArithmeticRule = (
  inputs: readonly FoldedTensor[],
  dims: Shape,
) => FoldedTensor | undefined;

/** The element of `x` that broadcasting puts at flat `index` of a tensor of shape `dims`. */
function broadcastAt(x: FoldedTensor, dims: Shape, index: number): number {
  if (x.data.length === 1) return x.data[0]!;
  let rest = index;
  let position = 0;
  let stride = 1;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const at = rest % dims[axis]!;
    rest = Math.floor(rest / dims[axis]!);
    const size = x.dims[axis - dims.length + x.dims.length] ?? 1;
    if (size !== 1) position += at * stride;
    stride *= size;
  }
  return x.data[position] ?? Number.NaN;
}

type Combine = (args: readonly number[], integer: boolean) => number;

function elementwise(combine: Combine, result: "integer" | "inputs" = "inputs"): ArithmeticRule {
  return (inputs, dims) => {
    // Where's condition says nothing about the type of the result; the last input does for every
    // operator here.
    const integer = inputs.at(-1)?.integer ?? false;
    const data = Array.from({ length: extentProduct(dims) }, (_, index) =>
      combine(
        inputs.map((x) => broadcastAt(x, dims, index)),
        integer,
      ),
    );
    return { dims, data, integer: result === "integer" || integer };
  };
}

const unary = (f: (x: number) => number) => elementwise(([x]) => f(x!));
const binary = (f: (a: number, b: number) => number) => elementwise(([a, b]) => f(a!, b!));
const compare = (f: (a: number, b: number) => boolean) =>
  elementwise(([a, b]) => (f(a!, b!) ? 1 : 0), "integer");

/** Arithmetic that shape computations of exporters use, by operator. */
export const ARITHMETIC: ReadonlyMap<string, ArithmeticRule> = new Map([
  ["Add", binary((a, b) => a + b)],
  ["Sub", binary((a, b) => a - b)],
  ["Mul", binary((a, b) => a * b)],
  // Integer division of ONNX truncates toward zero.
  ["Div", elementwise(([a, b], integer) => (integer ? Math.trunc(a! / b!) : a! / b!))],
  // The result has the divisor's sign, as in Python; fmod is not used on shapes.
  ["Mod", binary((a, b) => a - b * Math.floor(a / b))],
  ["Pow", binary((a, b) => a ** b)],
  ["Min", elementwise((args) => Math.min(...args))],
  ["Max", elementwise((args) => Math.max(...args))],
  ["Equal", compare((a, b) => a === b)],
  ["Less", compare((a, b) => a < b)],
  ["LessOrEqual", compare((a, b) => a <= b)],
  ["Greater", compare((a, b) => a > b)],
  ["GreaterOrEqual", compare((a, b) => a >= b)],
  ["And", compare((a, b) => a !== 0 && b !== 0)],
  ["Or", compare((a, b) => a !== 0 || b !== 0)],
  ["Where", elementwise(([condition, a, b]) => (condition === 0 ? b! : a!))],
  ["Not", unary((x) => (x === 0 ? 1 : 0))],
  ["Neg", unary((x) => -x)],
  ["Abs", unary(Math.abs)],
  ["Floor", unary(Math.floor)],
  ["Ceil", unary(Math.ceil)],
  ["Sqrt", unary(Math.sqrt)],
]);
