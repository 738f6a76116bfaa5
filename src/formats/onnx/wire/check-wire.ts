import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { InvalidModelError, UnsupportedError } from "../../../errors.js";
import { LIMITS } from "./limits.js";

/** What a field may look like on the wire. */
interface FieldWire {
  readonly name: string;
  readonly wireType: WireType;
  /** True for a repeated number, which may also come packed. */
  readonly packable: boolean;
  /** Weight of one number against the limit: bigints take about four times as much memory. */
  readonly cost: number;
  readonly message: DescMessage | undefined;
}

const tables = new WeakMap<DescMessage, ReadonlyMap<number, FieldWire>>();

function scalarWire(type: ScalarType): WireType {
  switch (type) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return WireType.LengthDelimited;
    case ScalarType.DOUBLE:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return WireType.Bit64;
    case ScalarType.FLOAT:
    case ScalarType.FIXED32:
    case ScalarType.SFIXED32:
      return WireType.Bit32;
    default:
      return WireType.Varint;
  }
}

function describe(field: DescField): FieldWire {
  const base = { name: field.name, cost: 1, message: undefined };
  if (field.message !== undefined)
    return { ...base, wireType: WireType.LengthDelimited, packable: false, message: field.message };
  if (field.scalar === undefined)
    return { ...base, wireType: WireType.Varint, packable: field.fieldKind === "list" };
  const wireType = scalarWire(field.scalar);
  const packable = field.fieldKind === "list" && wireType !== WireType.LengthDelimited;
  const wide = field.scalar === ScalarType.INT64 || field.scalar === ScalarType.UINT64;
  return { ...base, wireType, packable, cost: wide ? 4 : 1 };
}

function tableOf(desc: DescMessage): ReadonlyMap<number, FieldWire> {
  let table = tables.get(desc);
  if (table === undefined) {
    table = new Map(desc.fields.map((field) => [field.number, describe(field)]));
    tables.set(desc, table);
  }
  return table;
}

/**
 * Walks protobuf bytes against their schema before anything is built from them: wire types must be
 * the schema's, lengths must nest, and the numbers of messages and listed numbers stay under
 * {@link LIMITS}. The generic decoder checks none of the three, so a flipped bit could otherwise
 * shift the whole reading.
 * @throws InvalidModelError with the field and the byte offset; UnsupportedError for more listed
 *   numbers than that
 */
export function checkWire(desc: DescMessage, bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  let messages = 0;
  let numbers = 0;

  function fail(what: string): never {
    throw new InvalidModelError(
      "",
      `not a valid ONNX file: ${what} at byte ${reader.pos} of ${bytes.length}`,
    );
  }

  function countNumbers(count: number): void {
    numbers += count;
    if (numbers > LIMITS.listedNumbers)
      throw new UnsupportedError(
        "",
        `the ONNX file lists more than ${LIMITS.listedNumbers} numbers one by one (float_data, ` +
          "int64_data, attributes); store large tensors as raw_data " +
          "(tensor.CopyFrom(onnx.numpy_helper.from_array(...)))",
      );
  }

  function packed(field: FieldWire, end: number): void {
    const bytesHere = end - reader.pos;
    if (field.wireType === WireType.Varint) {
      const start = reader.pos;
      let count = 0;
      for (let i = start; i < end; i++) if ((bytes[i]! & 0x80) === 0) count++;
      if (bytesHere > 0 && (bytes[end - 1]! & 0x80) !== 0)
        fail(`unfinished number in ${field.name}`);
      countNumbers(count * field.cost);
    } else {
      const width = field.wireType === WireType.Bit64 ? 8 : 4;
      if (bytesHere % width !== 0)
        fail(`${field.name} of ${bytesHere} bytes is not a multiple of ${width}`);
      countNumbers(bytesHere / width);
    }
    reader.pos = end;
  }

  function walk(message: DescMessage, end: number, depth: number): void {
    if (depth > LIMITS.messageDepth) fail(`messages nested deeper than ${LIMITS.messageDepth}`);
    if (++messages > LIMITS.messages) fail(`more than ${LIMITS.messages} messages`);
    const table = tableOf(message);
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const field = table.get(number);
      if (field === undefined) {
        if (++messages > LIMITS.messages) fail(`more than ${LIMITS.messages} fields`);
        reader.skip(wireType, number, LIMITS.messageDepth);
      } else if (
        wireType === WireType.LengthDelimited &&
        (field.packable || field.wireType === wireType)
      ) {
        const length = reader.uint32();
        const inner = reader.pos + length;
        if (inner > end)
          fail(`${message.name}.${field.name} claims ${length} bytes, more than there are,`);
        if (field.message !== undefined) walk(field.message, inner, depth + 1);
        else if (field.packable) packed(field, inner);
        else {
          if (++messages > LIMITS.messages * 4) fail(`more than ${LIMITS.messages * 4} strings`);
          reader.pos = inner;
        }
      } else if (wireType === field.wireType) {
        if (field.packable) countNumbers(field.cost);
        reader.skip(wireType, number, 0);
      } else
        fail(
          `${message.name}.${field.name} has wire type ${wireType} instead of ${field.wireType}`,
        );
    }
    if (reader.pos !== end) fail(`${message.name} runs over its end`);
  }

  walk(desc, bytes.length, 1);
}
