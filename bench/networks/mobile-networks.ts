import type { ModelSpec } from "../../src/model/layer-spec.js";
import { NetworkBuilder, type Tensor } from "./network-builder.js";

/** Channels rounded to a multiple of 8 as the MobileNet family does, never below 90%. */
function rounded(channels: number): number {
  const near = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return near < 0.9 * channels ? near + 8 : near;
}

/** MobileNetV1 (Howard et al. 2017): 13 depthwise-separable blocks. */
export function mobilenetV1(width = 1, resolution = 224): ModelSpec {
  const net = new NetworkBuilder();
  const scaled = (channels: number) => Math.max(8, Math.round(channels * width));
  let x = net.conv(net.input(1, 3, resolution, resolution), scaled(32), 3, { stride: 2 });
  const blocks = [64, -128, 128, -256, 256, -512, 512, 512, 512, 512, 512, -1024, 1024];
  for (const block of blocks) {
    const inputs = x.shape[1] as number;
    x = net.conv(x, inputs, 3, { stride: block < 0 ? 2 : 1, groups: inputs });
    x = net.conv(x, scaled(Math.abs(block)), 1);
  }
  net.dense(net.globalPool(x), 1001);
  return net.build(`MobileNetV1 ${width} ${resolution}`);
}

interface InvertedResidual {
  readonly expanded: number;
  readonly kernel: number;
  readonly outputs: number;
  readonly stride: number;
  /** Width of the squeeze of squeeze-and-excitation; absent = none. */
  readonly squeeze?: number;
  readonly activation?: string;
}

function invertedResidual(net: NetworkBuilder, x: Tensor, block: InvertedResidual): Tensor {
  const inputs = x.shape[1] as number;
  const { expanded, kernel, outputs, stride, squeeze, activation } = block;
  const followedBy = activation === undefined ? {} : { followedBy: [activation] };
  let y = expanded === inputs ? x : net.conv(x, expanded, 1, followedBy);
  y = net.conv(y, expanded, kernel, { stride, groups: expanded, ...followedBy });
  if (squeeze !== undefined) {
    const gate = net.dense(net.dense(net.globalPool(y), squeeze), expanded, ["Sigmoid", "Mul"]);
    y = { shape: y.shape, from: [...y.from, ...gate.from] };
  }
  y = net.conv(y, outputs, 1);
  return stride === 1 && inputs === outputs ? net.add(x, y) : y;
}

/** MobileNetV2 (Sandler et al. 2018). */
export function mobilenetV2(resolution = 224): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, resolution, resolution), 32, 3, { stride: 2 });
  const stages = [
    [1, 16, 1, 1],
    [6, 24, 2, 2],
    [6, 32, 3, 2],
    [6, 64, 4, 2],
    [6, 96, 3, 1],
    [6, 160, 3, 2],
    [6, 320, 1, 1],
  ] as const;
  for (const [expansion, outputs, repeats, first] of stages)
    for (let i = 0; i < repeats; i++)
      x = invertedResidual(net, x, {
        expanded: (x.shape[1] as number) * expansion,
        kernel: 3,
        outputs,
        stride: i === 0 ? first : 1,
      });
  x = net.conv(x, 1280, 1);
  net.dense(net.globalPool(x), 1000);
  return net.build("MobileNetV2");
}

/** MobileNetV3 (Howard et al. 2019), large or small. */
export function mobilenetV3(size: "large" | "small"): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, 224, 224), 16, 3, { stride: 2, followedBy: ["HardSwish"] });
  // kernel, expanded, outputs, squeeze-and-excitation, hard swish, stride
  const large = [
    [3, 16, 16, 0, 0, 1],
    [3, 64, 24, 0, 0, 2],
    [3, 72, 24, 0, 0, 1],
    [5, 72, 40, 1, 0, 2],
    [5, 120, 40, 1, 0, 1],
    [5, 120, 40, 1, 0, 1],
    [3, 240, 80, 0, 1, 2],
    [3, 200, 80, 0, 1, 1],
    [3, 184, 80, 0, 1, 1],
    [3, 184, 80, 0, 1, 1],
    [3, 480, 112, 1, 1, 1],
    [3, 672, 112, 1, 1, 1],
    [5, 672, 160, 1, 1, 2],
    [5, 960, 160, 1, 1, 1],
    [5, 960, 160, 1, 1, 1],
  ] as const;
  const small = [
    [3, 16, 16, 1, 0, 2],
    [3, 72, 24, 0, 0, 2],
    [3, 88, 24, 0, 0, 1],
    [5, 96, 40, 1, 1, 2],
    [5, 240, 40, 1, 1, 1],
    [5, 240, 40, 1, 1, 1],
    [5, 120, 48, 1, 1, 1],
    [5, 144, 48, 1, 1, 1],
    [5, 288, 96, 1, 1, 2],
    [5, 576, 96, 1, 1, 1],
    [5, 576, 96, 1, 1, 1],
  ] as const;
  for (const [kernel, expanded, outputs, squeeze, hard, stride] of size === "large" ? large : small)
    x = invertedResidual(net, x, {
      expanded,
      kernel,
      outputs,
      stride,
      ...(squeeze === 1 ? { squeeze: rounded(expanded / 4) } : {}),
      ...(hard === 1 ? { activation: "HardSwish" } : {}),
    });
  x = net.conv(x, size === "large" ? 960 : 576, 1, { followedBy: ["HardSwish"] });
  const hidden = net.dense(net.globalPool(x), size === "large" ? 1280 : 1024, ["HardSwish"]);
  net.dense(hidden, 1000);
  return net.build(`MobileNetV3 ${size}`);
}

const EFFICIENTNET_STAGES = [
  [3, 1, 16, 1, 1],
  [3, 6, 24, 2, 2],
  [5, 6, 40, 2, 2],
  [3, 6, 80, 3, 2],
  [5, 6, 112, 3, 1],
  [5, 6, 192, 4, 2],
  [3, 6, 320, 1, 1],
] as const;

/**
 * EfficientNet (Tan and Le 2019) with its squeeze-and-excitation and swish, or the Lite variants
 * without them, whose stem, head and first and last stage are not scaled.
 */
export function efficientNet(
  variant: "b0" | "lite0" | "lite1" | "lite2" | "lite3" | "lite4",
  pixels?: number,
): ModelSpec {
  const scales = {
    b0: [1, 1, 224],
    lite0: [1, 1, 224],
    lite1: [1, 1.1, 240],
    lite2: [1.1, 1.2, 260],
    lite3: [1.2, 1.4, 280],
    lite4: [1.4, 1.8, 300],
  } as const;
  const [width, depth, usual] = scales[variant];
  const resolution = pixels ?? usual;
  const lite = variant !== "b0";
  const activation = lite ? {} : { activation: "Swish" };
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, resolution, resolution), 32, 3, {
    stride: 2,
    ...(lite ? {} : { followedBy: ["Swish"] }),
  });
  EFFICIENTNET_STAGES.forEach(([kernel, expansion, channels, repeats, first], stage) => {
    const fixed = lite && (stage === 0 || stage === EFFICIENTNET_STAGES.length - 1);
    const outputs = rounded(channels * width);
    const count = fixed ? repeats : Math.ceil(repeats * depth);
    for (let i = 0; i < count; i++) {
      const inputs = x.shape[1] as number;
      x = invertedResidual(net, x, {
        expanded: inputs * expansion,
        kernel,
        outputs,
        stride: i === 0 ? first : 1,
        ...(lite ? {} : { squeeze: Math.max(1, inputs / 4) }),
        ...activation,
      });
    }
  });
  x = net.conv(x, 1280, 1, lite ? {} : { followedBy: ["Swish"] });
  net.dense(net.globalPool(x), 1000);
  return net.build(`EfficientNet ${variant}`);
}

/**
 * MobileViTv2-1.0 at 256 x 256 (Mehta and Rastegari 2022): separable self-attention, linear in the
 * tokens.
 */
export function mobileVitV2(): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, 256, 256), 32, 3, { stride: 2, followedBy: ["Swish"] });
  const bottleneck = (outputs: number, stride: number) => {
    x = invertedResidual(net, x, {
      expanded: (x.shape[1] as number) * 2,
      kernel: 3,
      outputs,
      stride,
      activation: "Swish",
    });
  };
  const transformer = (width: number, blocks: number) => {
    const channels = x.shape[1] as number;
    let y = net.conv(
      net.conv(x, channels, 3, { groups: channels, followedBy: ["Swish"] }),
      width,
      1,
    );
    for (let i = 0; i < blocks; i++) {
      const attention = net.conv(y, 1 + 2 * width, 1, {
        followedBy: ["LayerNormalization", "Softmax", "Mul"],
      });
      y = net.add(y, net.conv({ shape: y.shape, from: attention.from }, width, 1));
      const hidden = net.conv(y, 2 * width, 1, { followedBy: ["Swish"] });
      y = net.add(y, net.conv(hidden, width, 1, { followedBy: ["LayerNormalization"] }));
    }
    x = net.conv(y, channels, 1);
  };
  bottleneck(64, 1);
  bottleneck(128, 2);
  bottleneck(128, 1);
  bottleneck(256, 2);
  transformer(128, 2);
  bottleneck(384, 2);
  transformer(192, 4);
  bottleneck(512, 2);
  transformer(256, 3);
  net.dense(net.globalPool(x), 1000);
  return net.build("MobileViTv2-1.0");
}
