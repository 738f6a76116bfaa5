const measure = require("./measure.cjs");

measure(require("quantevo"), require("quantevo/onnx"));
