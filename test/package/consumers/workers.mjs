import measure from "./measure.cjs";

await measure(await import("quantevo"), await import("quantevo/onnx"));
