import type { ModelSpec } from "../../src/model/layer-spec.js";
import { NetworkBuilder, type Tensor } from "./network-builder.js";

/** VGG16 (Simonyan and Zisserman 2015). */
export function vgg16(): ModelSpec {
  const net = new NetworkBuilder();
  let x: Tensor = net.input(1, 3, 224, 224);
  for (const [outputs, repeats] of [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ] as const) {
    for (let i = 0; i < repeats; i++) x = net.conv(x, outputs, 3);
    x = net.pool(x, 2);
  }
  net.dense(net.dense(net.dense(net.flatten(x), 4096), 4096), 1000);
  return net.build("VGG16");
}

/**
 * AlexNet (Krizhevsky et al. 2012) as in the BVLC models (also CaffeNet): groups of 2, local
 * response norms.
 */
export function alexnet(): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, 227, 227), 96, 11, {
    stride: 4,
    padding: "valid",
    followedBy: ["LRN"],
  });
  x = net.pool(x, 2, 3, "valid");
  x = net.conv(x, 256, 5, { groups: 2, followedBy: ["LRN"] });
  x = net.pool(x, 2, 3, "valid");
  x = net.conv(x, 384, 3);
  x = net.conv(x, 384, 3, { groups: 2 });
  x = net.conv(x, 256, 3, { groups: 2 });
  x = net.pool(x, 2, 3, "valid");
  net.dense(net.dense(net.dense(net.flatten(x), 4096), 4096), 1000);
  return net.build("AlexNet");
}

/**
 * ZFNet-512 of the ONNX model zoo (Zeiler and Fergus 2014): AlexNet with a 7 x 7 first layer and
 * more channels.
 */
export function zfnet512(): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.conv(net.input(1, 3, 224, 224), 96, 7, {
    stride: 2,
    padding: "valid",
    followedBy: ["LRN"],
  });
  x = net.pool(x, 2, 3, "valid");
  x = net.conv(x, 256, 5, { stride: 2, padding: "valid", followedBy: ["LRN"] });
  x = net.pool(x, 2, 3, "valid");
  x = net.conv(net.conv(net.conv(x, 512, 3), 1024, 3), 512, 3);
  x = net.pool(x, 2, 3, "valid");
  net.dense(net.dense(net.dense(net.flatten(x), 4096), 4096), 1000);
  return net.build("ZFNet-512");
}

function fire(net: NetworkBuilder, x: Tensor, squeeze: number, expand: number): Tensor {
  const s = net.conv(x, squeeze, 1);
  return net.concat(net.conv(s, expand, 1), net.conv(s, expand, 3));
}

/** SqueezeNet 1.0 or 1.1 (Iandola et al. 2016). */
export function squeezenet(version: "1.0" | "1.1"): ModelSpec {
  const net = new NetworkBuilder();
  const image = net.input(1, 3, 224, 224);
  let x: Tensor;
  if (version === "1.0") {
    x = net.pool(net.conv(image, 96, 7, { stride: 2, padding: "valid" }), 2, 3, "valid");
    x = fire(net, fire(net, fire(net, x, 16, 64), 16, 64), 32, 128);
    x = net.pool(x, 2, 3, "valid");
    x = fire(net, fire(net, fire(net, fire(net, x, 32, 128), 48, 192), 48, 192), 64, 256);
    x = fire(net, net.pool(x, 2, 3, "valid"), 64, 256);
  } else {
    x = net.pool(net.conv(image, 64, 3, { stride: 2, padding: "valid" }), 2, 3, "valid");
    x = fire(net, fire(net, x, 16, 64), 16, 64);
    x = net.pool(x, 2, 3, "valid");
    x = fire(net, fire(net, x, 32, 128), 32, 128);
    x = net.pool(x, 2, 3, "valid");
    x = fire(net, fire(net, fire(net, fire(net, x, 48, 192), 48, 192), 64, 256), 64, 256);
  }
  net.conv(x, 1000, 1);
  return net.build(`SqueezeNet ${version}`);
}

/** GoogLeNet, also called Inception v1 (Szegedy et al. 2015). */
export function googlenet(): ModelSpec {
  const net = new NetworkBuilder();
  let x = net.pool(
    net.conv(net.input(1, 3, 224, 224), 64, 7, { stride: 2, followedBy: ["LRN"] }),
    2,
  );
  x = net.pool(net.conv(net.conv(x, 64, 1), 192, 3, { followedBy: ["LRN"] }), 2);
  const blocks = [
    [64, 96, 128, 16, 32, 32],
    [128, 128, 192, 32, 96, 64],
    "pool",
    [192, 96, 208, 16, 48, 64],
    [160, 112, 224, 24, 64, 64],
    [128, 128, 256, 24, 64, 64],
    [112, 144, 288, 32, 64, 64],
    [256, 160, 320, 32, 128, 128],
    "pool",
    [256, 160, 320, 32, 128, 128],
    [384, 192, 384, 48, 128, 128],
  ] as const;
  for (const block of blocks) {
    if (block === "pool") {
      x = net.pool(x, 2);
      continue;
    }
    const [one, reduce3, three, reduce5, five, pooled] = block;
    x = net.concat(
      net.conv(x, one, 1),
      net.conv(net.conv(x, reduce3, 1), three, 3),
      net.conv(net.conv(x, reduce5, 1), five, 5),
      net.conv(x, pooled, 1),
    );
  }
  net.dense(net.globalPool(x), 1000);
  return net.build("GoogLeNet");
}

/** Inception v3 (Szegedy et al. 2016). */
export function inceptionV3(pixels = 299): ModelSpec {
  const net = new NetworkBuilder();
  const valid = { padding: "valid" } as const;
  let x = net.conv(net.input(1, 3, pixels, pixels), 32, 3, { stride: 2, ...valid });
  x = net.conv(net.conv(x, 32, 3, valid), 64, 3);
  x = net.conv(net.conv(net.pool(x, 2, 3, "valid"), 80, 1), 192, 3, valid);
  x = net.pool(x, 2, 3, "valid");
  for (const pooled of [32, 64, 64])
    x = net.concat(
      net.conv(x, 64, 1),
      net.conv(net.conv(x, 48, 1), 64, 5),
      net.conv(net.conv(net.conv(x, 64, 1), 96, 3), 96, 3),
      net.conv(x, pooled, 1),
    );
  x = net.concat(
    net.conv(x, 384, 3, { stride: 2, ...valid }),
    net.conv(net.conv(net.conv(x, 64, 1), 96, 3), 96, 3, { stride: 2, ...valid }),
    net.pool(x, 2, 3, "valid"),
  );
  for (const c of [128, 160, 160, 192]) {
    const a = net.conv(net.conv(net.conv(x, c, 1), c, [1, 7]), 192, [7, 1]);
    const b = net.conv(net.conv(net.conv(x, c, 1), c, [7, 1]), c, [1, 7]);
    const long = net.conv(net.conv(b, c, [7, 1]), 192, [1, 7]);
    x = net.concat(net.conv(x, 192, 1), a, long, net.conv(x, 192, 1));
  }
  const r = net.conv(net.conv(net.conv(x, 192, 1), 192, [1, 7]), 192, [7, 1]);
  x = net.concat(
    net.conv(net.conv(x, 192, 1), 320, 3, { stride: 2, ...valid }),
    net.conv(r, 192, 3, { stride: 2, ...valid }),
    net.pool(x, 2, 3, "valid"),
  );
  for (let i = 0; i < 2; i++) {
    const a = net.conv(x, 384, 1);
    const b = net.conv(net.conv(x, 448, 1), 384, 3);
    x = net.concat(
      net.conv(x, 320, 1),
      net.conv(a, 384, [1, 3]),
      net.conv(a, 384, [3, 1]),
      net.conv(b, 384, [1, 3]),
      net.conv(b, 384, [3, 1]),
      net.conv(x, 192, 1),
    );
  }
  net.dense(net.globalPool(x), 1001);
  return net.build("InceptionV3");
}

/** Inception v4 at 299 x 299 (Szegedy et al. 2017). */
export function inceptionV4(): ModelSpec {
  const net = new NetworkBuilder();
  const valid = { padding: "valid" } as const;
  const down = { stride: 2, ...valid };
  let x = net.conv(net.input(1, 3, 299, 299), 32, 3, down);
  x = net.conv(net.conv(x, 32, 3, valid), 64, 3);
  x = net.concat(net.pool(x, 2, 3, "valid"), net.conv(x, 96, 3, down));
  const short = net.conv(net.conv(x, 64, 1), 96, 3, valid);
  const long = net.conv(
    net.conv(net.conv(net.conv(x, 64, 1), 64, [1, 7]), 64, [7, 1]),
    96,
    3,
    valid,
  );
  x = net.concat(short, long);
  x = net.concat(net.conv(x, 192, 3, down), net.pool(x, 2, 3, "valid"));
  for (let i = 0; i < 4; i++)
    x = net.concat(
      net.conv(x, 96, 1),
      net.conv(net.conv(x, 64, 1), 96, 3),
      net.conv(net.conv(net.conv(x, 64, 1), 96, 3), 96, 3),
      net.conv(x, 96, 1),
    );
  x = net.concat(
    net.conv(x, 384, 3, down),
    net.conv(net.conv(net.conv(x, 192, 1), 224, 3), 256, 3, down),
    net.pool(x, 2, 3, "valid"),
  );
  for (let i = 0; i < 7; i++) {
    const a = net.conv(net.conv(net.conv(x, 192, 1), 224, [1, 7]), 256, [7, 1]);
    let b = net.conv(net.conv(x, 192, 1), 192, [1, 7]);
    b = net.conv(net.conv(net.conv(b, 224, [7, 1]), 224, [1, 7]), 256, [7, 1]);
    x = net.concat(net.conv(x, 384, 1), a, b, net.conv(x, 128, 1));
  }
  const r = net.conv(net.conv(net.conv(x, 256, 1), 256, [1, 7]), 320, [7, 1]);
  x = net.concat(
    net.conv(net.conv(x, 192, 1), 192, 3, down),
    net.conv(r, 320, 3, down),
    net.pool(x, 2, 3, "valid"),
  );
  for (let i = 0; i < 3; i++) {
    const a = net.conv(x, 384, 1);
    const b = net.conv(net.conv(net.conv(x, 384, 1), 448, [1, 3]), 512, [3, 1]);
    x = net.concat(
      net.conv(x, 256, 1),
      net.conv(a, 256, [1, 3]),
      net.conv(a, 256, [3, 1]),
      net.conv(b, 256, [1, 3]),
      net.conv(b, 256, [3, 1]),
      net.conv(x, 256, 1),
    );
  }
  net.dense(net.globalPool(x), 1001);
  return net.build("InceptionV4");
}
