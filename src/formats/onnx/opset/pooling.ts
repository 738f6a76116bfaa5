import type { AdapterSite } from "./adapter-site.js";

/**
 * MaxPool and AveragePool at 22: with `ceil_mode`, windows that would start in the padding behind
 * the data are left out. They exist for some input size exactly when `end padding + stride - 1 >=
 * extent of the window`.
 */
export function poolDropsPaddingWindows(site: AdapterSite): void {
  if ((site.int("ceil_mode") ?? 0) === 0) return;
  if ((site.string("auto_pad") ?? "NOTSET") !== "NOTSET") return;
  const kernel = site.ints("kernel_shape") ?? [];
  const strides = site.ints("strides") ?? [];
  const dilations = site.ints("dilations") ?? [];
  const pads = site.ints("pads") ?? [];
  const mayStartInPadding = kernel.some((size, i) => {
    const extent = (size - 1) * (dilations[i] ?? 1) + 1;
    return (pads[kernel.length + i] ?? 0) + (strides[i] ?? 1) - 1 >= extent;
  });
  if (mayStartInPadding)
    site.refuse(
      "with ceil_mode its last window can lie in the padding alone, which opset 22 leaves out",
    );
}
