import type { ModelSpec } from "../../src/model/layer-spec.js";
import {
  alexnet,
  googlenet,
  inceptionV3,
  inceptionV4,
  squeezenet,
  vgg16,
  zfnet512,
} from "./classic-networks.js";
import { tinyYolov3, yolov3 } from "./detection-networks.js";
import {
  efficientNet,
  mobilenetV1,
  mobilenetV2,
  mobilenetV3,
  mobileVitV2,
} from "./mobile-networks.js";
import { centerNetResnet34, resnet } from "./residual-networks.js";
import { bert, decodeStep, prefill, vitB16 } from "./transformer-networks.js";

const BERT = {
  base: { blocks: 12, hidden: 768 },
  large: { blocks: 24, hidden: 1024 },
  distil: { blocks: 6, hidden: 768 },
} as const;

/**
 * A network by the name that the validation points use, such as `mobilenet-v1-0.75-160` or
 * `bert-large-384`.
 */
export function networkByName(name: string): ModelSpec {
  const [, width, resolution] = /^mobilenet-v1-([\d.]+)-(\d+)$/.exec(name) ?? [];
  if (width !== undefined) return mobilenetV1(Number(width), Number(resolution));
  const [, size, tokens] = /^bert-(base|large|distil)-(\d+)$/.exec(name) ?? [];
  if (size !== undefined)
    return bert(name, { ...BERT[size as keyof typeof BERT], tokens: Number(tokens) });
  const [, roberta] = /^roberta-base-(\d+)$/.exec(name) ?? [];
  if (roberta !== undefined)
    return bert(name, { ...BERT.base, tokens: Number(roberta), vocabulary: 50_265 });
  const [, lite, pixels] = /^efficientnet-(b0|lite[0-4])(?:-(\d+))?$/.exec(name) ?? [];
  if (lite !== undefined)
    return efficientNet(lite as "b0", pixels === undefined ? undefined : Number(pixels));
  const [, decoder, context] = /^decode:(.+)@(\d+)$/.exec(name) ?? [];
  if (decoder !== undefined) return decodeStep(decoder, Number(context));
  const [, reader, prompt] = /^prefill:(.+)@(\d+)$/.exec(name) ?? [];
  if (reader !== undefined) return prefill(reader, Number(prompt));
  const make = NETWORKS.get(name);
  if (make === undefined)
    throw new Error(
      `network is ${JSON.stringify(name)}; allowed: ` +
        [...NETWORKS.keys(), ...PATTERNS].join(", "),
    );
  return make();
}

/** Names that have numbers in them, as {@link networkByName} reads them. */
const PATTERNS = [
  ...["mobilenet-v1-WIDTH-PIXELS", "bert-base-TOKENS", "bert-large-TOKENS", "bert-distil-TOKENS"],
  ...["roberta-base-TOKENS", "efficientnet-b0", "efficientnet-lite0 to -lite4 (and -PIXELS)"],
  ...["decode:MODEL@CONTEXT", "prefill:MODEL@TOKENS"],
];

const NETWORKS = new Map<string, () => ModelSpec>([
  ["mobilenet-v2", () => mobilenetV2()],
  ["mobilenet-v3-large", () => mobilenetV3("large")],
  ["mobilenet-v3-small", () => mobilenetV3("small")],
  ["mobilevit-v2", mobileVitV2],
  ["resnet18", () => resnet(18)],
  ["resnet50", () => resnet(50)],
  ["resnet101", () => resnet(101)],
  ["wide-resnet50", () => resnet(50, 2)],
  ["centernet-resnet34", centerNetResnet34],
  ["vgg16", vgg16],
  ["alexnet", alexnet],
  ["squeezenet-1.0", () => squeezenet("1.0")],
  ["squeezenet-1.1", () => squeezenet("1.1")],
  ["googlenet", googlenet],
  ["zfnet-512", zfnet512],
  ["yolov3-416", yolov3],
  ["tiny-yolov3-416", tinyYolov3],
  ["inception-v3", () => inceptionV3()],
  ["inception-v3-224", () => inceptionV3(224)],
  ["inception-v4", inceptionV4],
  ["vit-b16", vitB16],
]);
