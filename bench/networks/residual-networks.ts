import type { ModelSpec } from "../../src/model/layer-spec.js";
import { NetworkBuilder, type Tensor } from "./network-builder.js";

type Depth = 18 | 34 | 50 | 101 | 152;

const BLOCKS: Record<Depth, readonly [number, number, number, number]> = {
  18: [2, 2, 2, 2],
  34: [3, 4, 6, 3],
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
};

/** The stages of a residual network, up to the last feature map. */
function residualStages(net: NetworkBuilder, image: Tensor, depth: Depth, wide: number): Tensor {
  let x = net.pool(net.conv(image, 64, 7, { stride: 2 }), 2);
  const bottleneck = depth >= 50;
  BLOCKS[depth].forEach((repeats, stage) => {
    const width = 64 * 2 ** stage;
    const outputs = bottleneck ? 4 * width : width;
    for (let i = 0; i < repeats; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1;
      let y: Tensor;
      if (bottleneck) {
        y = net.conv(x, width * wide, 1);
        y = net.conv(y, width * wide, 3, { stride });
        y = net.conv(y, outputs, 1);
      } else y = net.conv(net.conv(x, width, 3, { stride }), width, 3);
      const shortcut = x.shape[1] === outputs ? x : net.conv(x, outputs, 1, { stride });
      x = net.add(shortcut, y);
    }
  });
  return x;
}

/**
 * ResNet v1.5 (stride in the 3 x 3 convolution) as torchvision has it; `wide` 2 is Wide
 * ResNet-50-2.
 */
export function resnet(depth: Depth, wide = 1): ModelSpec {
  const net = new NetworkBuilder();
  const x = residualStages(net, net.input(1, 3, 224, 224), depth, wide);
  net.dense(net.globalPool(x), 1000);
  return net.build(wide === 1 ? `ResNet${depth}` : `WideResNet${depth}`);
}

/**
 * CenterNet (Zhou et al. 2019) on ResNet34 at 512 x 512: three 4 x 4 transposed convolutions of 256
 * channels, counted as convolutions, and three heads of 64 channels. Apple does not state the head:
 * this one is the paper's.
 */
export function centerNetResnet34(): ModelSpec {
  const net = new NetworkBuilder();
  let x = residualStages(net, net.input(1, 3, 512, 512), 34, 1);
  for (let i = 0; i < 3; i++) {
    const [, channels, height, width] = x.shape as [number, number, number, number];
    // A stride-2 transposed 4 x 4 convolution does 2 x 2 products for each output.
    x = net.conv(net.reshape(x, 1, channels, 2 * height, 2 * width), 256, 2);
  }
  for (const outputs of [80, 2, 2]) net.conv(net.conv(x, 64, 3), outputs, 1);
  return net.build("CenterNet ResNet34");
}
