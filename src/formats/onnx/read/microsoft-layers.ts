import { LayerKind } from "../../../model/layer-spec.js";
import { intAttribute } from "../graph/node-attributes.js";
import { extentProduct } from "../shape/shape-context.js";
import {
  conv,
  gemm,
  type LayerOperator,
  type LayerRule,
  product,
  tableOperand,
} from "./layer-rules.js";

const fusedMatMul: LayerRule = (node, context) => {
  const flag = (name: string) => intAttribute(node, name, 0) !== 0;
  if (flag("transBatchA") || flag("transBatchB")) return [];
  return [
    ...product(context, LayerKind.MATMUL, 1, flag("transB"), flag("transA"), -1),
    ...product(context, LayerKind.MATMUL, 0, flag("transA"), flag("transB"), -1),
  ];
};

/** Weights [in, q + k + v] that project for attention, which the operator computes as well. */
const attention: LayerRule = (_node, context) => {
  const source = context.weight(1);
  if (source?.dims.length !== 2 || context.isConstant(0)) return [];
  const [depth, columns] = source.dims as [number, number];
  const x = context.inputShape(0);
  if (x !== undefined && x.at(-1) !== depth)
    context.contradiction(`input [${x}] does not fit weights [${source.dims}]`, 0);
  if (x === undefined) context.assume(`one row of ${depth} activations is counted`);
  const inputShape = x ?? [1, depth];
  return [
    {
      source,
      kind: LayerKind.ATTENTION,
      use: {
        activationInput: 0,
        weightInput: 1,
        channelAxis: -1,
        sourceInput: 0,
        readsState: false,
        biasInput: 2,
      },
      roles: ["group", "channel"],
      macs: extentProduct(inputShape, 0, inputShape.length - 1) * depth * columns,
      inputShape,
      outputShape: [...inputShape.slice(0, -1), columns],
      suffix: "",
    },
  ];
};

/** Tables of words, positions and segments; positions may come without ids. */
const embedLayerNormalization: LayerRule = (_node, context) => [
  ...tableOperand(context, 2, 0, "/word"),
  ...tableOperand(context, 3, 0, "/position"),
  ...tableOperand(context, 4, 0, "/segment"),
];

const operator = (find: LayerRule, ...weights: readonly number[]): LayerOperator => ({
  find,
  weights,
});

/** The operators that ONNX Runtime adds whose constant float operands are layers. */
export const MICROSOFT_LAYER_OPERATORS: ReadonlyMap<string, LayerOperator> = new Map([
  ["FusedConv", operator(conv, 1)],
  ["FusedGemm", operator(gemm, 1, 0)],
  ["FusedMatMul", operator(fusedMatMul, 1, 0)],
  ["TransposeMatMul", operator(fusedMatMul, 1, 0)],
  ["Attention", operator(attention, 1)],
  ["EmbedLayerNormalization", operator(embedLayerNormalization, 2, 3, 4)],
]);
