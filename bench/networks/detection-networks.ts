import type { ModelSpec } from "../../src/model/layer-spec.js";
import { NetworkBuilder, type Tensor } from "./network-builder.js";

/** Rows and columns doubled by repeating. */
function doubled(net: NetworkBuilder, x: Tensor): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  return net.reshape(x, n, c, 2 * h, 2 * w);
}

/** YOLOv3 on Darknet-53 at 416 x 416, 80 classes (Redmon and Farhadi 2018). */
export function yolov3(): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, 416, 416), 32, 3);
  const stages: Tensor[] = [];
  for (const [channels, repeats] of [
    [64, 1],
    [128, 2],
    [256, 8],
    [512, 8],
    [1024, 4],
  ] as const) {
    x = net.conv(x, channels, 3, { stride: 2 });
    for (let i = 0; i < repeats; i++)
      x = net.add(x, net.conv(net.conv(x, channels / 2, 1), channels, 3));
    stages.push(x);
  }
  const head = (from: Tensor, c: number) => {
    let y = from;
    for (const k of [1, 3, 1, 3, 1] as const) y = net.conv(y, k === 1 ? c : 2 * c, k);
    net.conv(net.conv(y, 2 * c, 3), 255, 1);
    return y;
  };
  const large = head(x, 512);
  const middle = head(net.concat(doubled(net, net.conv(large, 256, 1)), stages[3] as Tensor), 256);
  head(net.concat(doubled(net, net.conv(middle, 128, 1)), stages[2] as Tensor), 128);
  return net.build("YOLOv3");
}

/** Tiny YOLOv3 at 416 x 416, 80 classes. */
export function tinyYolov3(): ModelSpec {
  const net = new NetworkBuilder();
  let x: Tensor = net.input(1, 3, 416, 416);
  for (const channels of [16, 32, 64, 128]) x = net.pool(net.conv(x, channels, 3), 2);
  const wide = net.conv(x, 256, 3);
  x = net.conv(net.conv(net.pool(wide, 2), 512, 3), 1024, 3);
  x = net.conv(x, 256, 1);
  net.conv(net.conv(x, 512, 3), 255, 1);
  const up = net.concat(doubled(net, net.conv(x, 128, 1)), wide);
  net.conv(net.conv(up, 256, 3), 255, 1);
  return net.build("Tiny YOLOv3");
}
