import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { create } from "@bufbuild/protobuf";
import * as ort from "onnxruntime-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modelFiles } from "../../../../src/formats/onnx/external/model-files.js";
import { visitTensors } from "../../../../src/formats/onnx/external/visit-tensors.js";
import {
  loadOnnxModel,
  quantizeOnnx,
  quantizeOnnxWithReport,
  writeQuantizedOnnx,
} from "../../../../src/formats/onnx/index.js";
import { loadOnnxRuntime } from "../../../../src/formats/onnx/session/ort-session.js";
import { decodeModel } from "../../../../src/formats/onnx/wire/decode-model.js";
import {
  FunctionProtoSchema,
  type ModelProto,
  SparseTensorProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
} from "../../../../src/formats/onnx/wire/onnx_pb.js";
import { attribute, bytesOf, graph, model, node, value, weights } from "../graph-builder.js";
import { runModel, uniform } from "../run-model.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "quantevo-external-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Sends the data of a tensor to another file. */
function moved(tensor: TensorProto, place: Readonly<Record<string, string>>): TensorProto {
  tensor.rawData = new Uint8Array(0);
  tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
  tensor.externalData = Object.entries(place).map(([key, text]) =>
    create(StringStringEntryProtoSchema, { key, value: text }),
  );
  return tensor;
}

const DIMS = [64, 32];
const BYTES = 64 * 32 * 4;
const proto = (tensor = weights("w", DIMS)) =>
  model({
    inputs: [value("x", ["n", 64])],
    outputs: [value("y", ["n", 32])],
    initializers: [tensor],
    nodes: [node("MatMul", ["x", "w"], ["y"], {}, "fc")],
  });
const inline = bytesOf(proto());
const data = new Uint8Array(weights("w", DIMS).rawData);
const batch = {
  x: { data: Float32Array.from({ length: 128 }, (_, i) => (i % 7) - 3), dims: [2, 64] },
};

/** A model file whose weights are at `place`, with `model.onnx.data` beside it. */
async function split(place: Readonly<Record<string, string>> = { location: "model.onnx.data" }) {
  const path = join(folder, "model.onnx");
  await writeFile(path, bytesOf(proto(moved(weights("w", DIMS), place))));
  await writeFile(join(folder, "model.onnx.data"), data);
  return path;
}

const refuses = (code: string, message: RegExp) => ({
  code,
  message: expect.stringMatching(message),
});

describe("a model with its tensors in another file", () => {
  it("is read as if it had them inside", async () => {
    const path = await split();
    const expected = await loadOnnxModel(inline);
    for (const source of [path, pathToFileURL(path)]) {
      const found = await loadOnnxModel(source);
      expect(found.layers).toEqual(expected.layers);
      expect(await runModel(found.bytes, batch)).toEqual(await runModel(inline, batch));
      const genome = uniform(found, { weightBits: 4, activationBits: 32 });
      expect(await quantizeOnnx(found, genome)).toEqual(await quantizeOnnx(expected, genome));
    }
  });

  it("may have them at an offset, in a folder, and shared", async () => {
    await mkdir(join(folder, "data"));
    await writeFile(join(folder, "data", "w.bin"), Uint8Array.of(9, 9, 9, 9, ...data));
    const place = { location: "data/w.bin", offset: "4", length: String(BYTES) };
    const tensors = ["w", "v", "u"].map((name) => moved(weights(name, DIMS), place));
    const file = model({
      inputs: [value("x", ["n", 64])],
      outputs: ["a", "b", "c"].map((name) => value(name, ["n", 32])),
      initializers: tensors,
      nodes: ["w", "v", "u"].map((name, i) => node("MatMul", ["x", name], ["abc"[i]!])),
    });
    const path = join(folder, "model.onnx");
    await writeFile(path, bytesOf(file));
    const { layers } = await loadOnnxModel(path);
    expect(layers).toHaveLength(3);
    for (const { weights: found } of layers)
      expect(found).toEqual((layers[0] as (typeof layers)[0]).weights);
  });

  it("given as bytes, asks for them; a function gives them", async () => {
    const bytes = await readFile(await split({ location: "w.bin" }));
    await expect(loadOnnxModel(bytes)).rejects.toMatchObject(
      refuses("UNSUPPORTED", /data in the file "w.bin".*readExternal/),
    );
    const asked: string[] = [];
    const readExternal = async (location: string) => {
      asked.push(location);
      return data;
    };
    const { layers } = await loadOnnxModel(bytes, { readExternal });
    expect(layers).toEqual((await loadOnnxModel(inline)).layers);
    expect(asked).toEqual(["w.bin"]);
    const odd = { readExternal: () => "text" as never };
    await expect(loadOnnxModel(bytes, odd)).rejects.toMatchObject(
      refuses("INVALID_ARGUMENT", /readExternal gave no Uint8Array for "w.bin"/),
    );
    const none = { readExternal: 7 as never };
    await expect(loadOnnxModel(bytes, none)).rejects.toMatchObject({ path: "readExternal" });
  });

  it("may not lead out of the folder of the model", async () => {
    for (const location of [
      "",
      "../secret",
      "a/../../secret",
      "/etc/passwd",
      "C:/secret",
      "..\\secret",
      "\\\\host\\share",
      "a//b",
      "a\0b",
    ]) {
      const path = await split({ location });
      const refused = refuses("INVALID_MODEL", /within the folder of the model/);
      await expect(loadOnnxModel(path), location).rejects.toMatchObject(refused);
      const readExternal = () => data;
      await expect(loadOnnxModel(path, { readExternal })).rejects.toMatchObject(refused);
    }
  });

  it.runIf(process.platform !== "win32")("may not lead out of it by a link", async () => {
    const outside = await mkdtemp(join(tmpdir(), "quantevo-outside-"));
    try {
      await writeFile(join(outside, "w.bin"), data);
      await symlink(join(outside, "w.bin"), join(folder, "file"));
      await symlink(outside, join(folder, "sub"));
      for (const location of ["file", "sub/w.bin"])
        await expect(loadOnnxModel(await split({ location }))).rejects.toMatchObject(
          refuses("IO", /is a link out of the folder of the model/),
        );
      await symlink("/dev/zero", join(folder, "zero"));
      await expect(loadOnnxModel(await split({ location: "zero" }))).rejects.toThrow(/link out/);
      await symlink("model.onnx.data", join(folder, "within"));
      const found = await loadOnnxModel(await split({ location: "within" }));
      expect(found.layers).toHaveLength(1);
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it("is refused when file and model contradict each other", async () => {
    const cases: [Readonly<Record<string, string>>, string, RegExp][] = [
      [{ location: "none" }, "IO", /cannot read .*none, which has data of the model: ENOENT/],
      [{ location: "model.onnx.data", offset: "4" }, "INVALID_MODEL", /which has 8192/],
      [{ location: "model.onnx.data", offset: "-4" }, "INVALID_MODEL", /external offset "-4"/],
      [{ location: "model.onnx.data", offset: "9999999999999999" }, "INVALID_MODEL", /offset/],
      [{ location: "model.onnx.data", length: "7" }, "INVALID_MODEL", /needs 8192 bytes.* have 7/],
      [{ offset: "0" }, "INVALID_MODEL", /names no file/],
    ];
    for (const [place, code, message] of cases)
      await expect(loadOnnxModel(await split(place))).rejects.toMatchObject(refuses(code, message));
    for (const fields of [{ rawData: data }, { floatData: [1] }, { int32Data: [1] }]) {
      const both = moved(weights("w", DIMS), { location: "model.onnx.data" });
      const bytes = bytesOf(proto(Object.assign(both, fields)));
      await expect(loadOnnxModel(bytes)).rejects.toThrow(/both in the model and in/);
    }
  });

  it("cannot have thousands of tensors from one small file", async () => {
    const tensors = Array.from({ length: 40 }, (_, i) =>
      moved(weights(`w${i}`, [1024, 1]), { location: "d", offset: String(4 * i) }),
    );
    const file = bytesOf(
      model({
        inputs: [value("x", ["n", 64])],
        outputs: [value("y", ["n", 1])],
        initializers: tensors,
        nodes: [node("MatMul", ["x", "w0"], ["y"])],
      }),
    );
    const readExternal = () => new Uint8Array(4096 + 160);
    await expect(loadOnnxModel(file, { readExternal })).rejects.toMatchObject(
      refuses("INVALID_MODEL", /whose parts overlap/),
    );
  });
});

/** Models that hide a tensor with an outside file where the graph does not show it. */
const HIDDEN: Readonly<Record<string, (outside: TensorProto) => ModelProto>> = {
  "a sparse initializer": (values) => {
    const file = proto();
    const indices = weights("i", [1]);
    file.graph!.sparseInitializer = [create(SparseTensorProtoSchema, { values, indices })];
    return file;
  },
  "indices of a sparse initializer": (indices) => {
    const file = proto();
    const values = weights("s", [1]);
    file.graph!.sparseInitializer = [create(SparseTensorProtoSchema, { values, indices })];
    return file;
  },
  "a sparse Constant": (values) => {
    const file = proto();
    const constant = node("Constant", [], ["c"]);
    constant.attribute = [attribute("sparse_value", 0)];
    constant.attribute[0]!.sparseTensor = create(SparseTensorProtoSchema, { values });
    file.graph!.node.push(constant);
    return file;
  },
  "a Constant": (tensor) => {
    const file = proto();
    file.graph!.node.push(node("Constant", [], ["c"], { value: tensor }));
    return file;
  },
  "a Constant of a function": (tensor) => {
    const file = proto();
    const constant = node("Constant", [], ["c"], { value: tensor });
    file.functions = [create(FunctionProtoSchema, { name: "f", domain: "d", node: [constant] })];
    return file;
  },
  "a default of a function": (tensor) => {
    const file = proto();
    const attributeProto = [attribute("a", tensor)];
    file.functions = [create(FunctionProtoSchema, { name: "f", domain: "d", attributeProto })];
    return file;
  },
  "a branch": (tensor) => {
    const file = proto();
    const branch = graph({ inputs: [], outputs: [], initializers: [tensor], nodes: [] });
    const within = graph({
      inputs: [],
      outputs: [],
      nodes: [node("If", ["x"], [], { then_branch: branch })],
    });
    file.graph!.node.push(node("Loop", ["x"], [], { body: within }));
    return file;
  },
};

describe.each(Object.entries(HIDDEN))("an outside file named by %s", (_, make) => {
  const outside = () => moved(weights("o", DIMS), { location: "w.bin" });

  it("is found: the model is refused, or has the data inside", async () => {
    const bytes = bytesOf(make(outside()));
    await expect(loadOnnxModel(bytes)).rejects.toMatchObject(
      refuses("UNSUPPORTED", /keeps its data in the file "w.bin"/),
    );
    const leading = bytesOf(make(moved(weights("o", DIMS), { location: "../w.bin" })));
    await expect(loadOnnxModel(leading)).rejects.toThrow(/within the folder/);
    const loaded = await loadOnnxModel(bytes, { readExternal: () => data, fold: false });
    let seen = 0;
    visitTensors(decodeModel(loaded.bytes), (tensor) => {
      expect(tensor.externalData).toEqual([]);
      seen++;
    });
    expect(seen).toBeGreaterThan(1);
  });
});

describe("a result in two files", () => {
  const outputs = async (path: string) => {
    const session = await ort.InferenceSession.create(path);
    const { y } = await session.run({ x: new ort.Tensor("float32", batch.x.data, batch.x.dims) });
    await session.release();
    return Array.from(y!.data as Float32Array);
  };

  it("is written on request, and runs where it is and where it is moved", async () => {
    const loaded = await loadOnnxModel(inline);
    const genome = uniform(loaded, { weightBits: 8, activationBits: 32 });
    const one = await quantizeOnnx(loaded, genome);
    const path = join(folder, "small.onnx");
    const report = await writeQuantizedOnnx(loaded, genome, path, { externalData: true });
    expect(report.externalData?.location).toBe("small.onnx.data");
    expect((await readdir(folder)).sort()).toEqual(["small.onnx", "small.onnx.data"]);
    expect(report.bytes.length).toBeLessThan(one.length - 2048 + 300);
    expect(await outputs(path)).toEqual(await runModel(one, batch));
    // The same by way of memory, and read again.
    const session = await (await loadOnnxRuntime()).open(report);
    await session.release();
    const again = await quantizeOnnxWithReport(loaded, genome, { externalData: "w.bin" });
    expect(again.externalData).toEqual({ location: "w.bin", bytes: report.externalData!.bytes });
    await writeQuantizedOnnx(loaded, genome, path);
    expect(await readFile(path)).toEqual(Buffer.from(one));
  });

  it("has no name that leads elsewhere, and is not for one file", async () => {
    const loaded = await loadOnnxModel(inline);
    const genome = uniform(loaded, { weightBits: 8, activationBits: 32 });
    for (const externalData of ["", "..", ".", "a/b", "/a", "a\\b", 7 as never])
      await expect(quantizeOnnxWithReport(loaded, genome, { externalData })).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        path: "externalData",
      });
    await expect(quantizeOnnx(loaded, genome, { externalData: true })).rejects.toThrow(
      /quantizeOnnx gives one file/,
    );
    await expect(writeQuantizedOnnx(loaded, genome, "")).rejects.toMatchObject({ path: "path" });
    const nowhere = join(folder, "none", "a.onnx");
    await expect(writeQuantizedOnnx(loaded, genome, nowhere)).rejects.toMatchObject({ code: "IO" });
  });

  it("has tensors of a page and more at the start of a page, and changes no model", () => {
    const source = proto();
    source.graph!.initializer.push(weights("v", [5, 100]), weights("small", [2]));
    const before = bytesOf(source);
    const { bytes, externalData } = modelFiles(source, "d", true);
    expect(bytesOf(source)).toEqual(before);
    const places = decodeModel(bytes).graph.initializer.map(({ name, externalData: fields }) => [
      name,
      ...fields.map(({ value: text }) => text),
    ]);
    expect(places).toEqual([["w", "d", "0", "8192"], ["v", "d", "8192", "2000"], ["small"]]);
    expect(externalData!.bytes).toHaveLength(10_192);
  });
});
