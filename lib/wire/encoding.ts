/**
 * Turns frames into bytes and bytes into frames, as mod.ts specifies.
 *
 * @module
 */

import { crc32 } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { FieldReader, FieldWriter } from "./fields.ts";
import { type Frame, type Header, HEADER_BYTES, SESSION } from "./frames.ts";
import { type Layout, LAYOUTS, TYPES } from "./layouts.ts";

/**
 * Encodes a frame.
 *
 * @param frame The frame.
 * @returns Header and payload, in memory of their own.
 * @throws {RangeError} For a value that no peer would accept.
 */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const format = LAYOUTS[frame.type] as Layout<Frame>;
  const to = new FieldWriter();
  const entry = "entry" in frame ? frame.entry : SESSION;
  to.u8(format.code).u8(0).u16(0).u32(entry).u32(0).u32(0);
  format.write(frame, to);
  const bytes = to.bytes;
  sealFrame(bytes);
  return bytes;
}

/**
 * Writes the header and the offset of a DATA frame in front of its data, so that
 * no byte of the data is copied.
 *
 * @param block {@linkcode DATA_HEAD_BYTES} free bytes, then the data.
 * @param entry The entry's number.
 * @param offset Where in the entry the data belongs.
 */
export function sealData(
  block: Uint8Array,
  entry: number,
  offset: number,
): void {
  const view = new DataView(block.buffer, block.byteOffset);
  view.setUint32(0, LAYOUTS.data.code << 24);
  view.setUint32(4, entry);
  view.setBigUint64(HEADER_BYTES, BigInt(offset));
  sealFrame(block);
}

function sealFrame(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(8, bytes.length - HEADER_BYTES);
  view.setUint16(2, headCheckOf(bytes));
  view.setUint32(12, checkOf(bytes.subarray(0, 12), bytes));
}

/** The lower half of the CRC-32 of type, codec, entry and length. */
function headCheckOf(header: Uint8Array): number {
  return crc32(header.subarray(4, 12), crc32(header.subarray(0, 2))) & 0xffff;
}

function checkOf(head: Uint8Array, frame: Uint8Array): number {
  return crc32(frame.subarray(HEADER_BYTES), crc32(head));
}

/**
 * Reads a header and checks its length against the bound of its type.
 *
 * @param bytes {@linkcode HEADER_BYTES} bytes.
 * @returns The header.
 * @throws {TransferError} `integrity` where the header's check differs,
 * `protocol` for a type, length, codec or entry that is not allowed.
 */
export function decodeHeader(bytes: Uint8Array): Header {
  const from = new FieldReader(bytes, "next");
  const code = from.u8(), codec = from.u8(), check = from.u16();
  const entry = from.u32(), length = from.u32(), crc = from.u32();
  // First of all: a damaged type or length must not be judged, or waited for.
  if (check !== headCheckOf(bytes)) {
    throw new TransferError(
      "integrity",
      {
        doing: "accept the next frame",
        found: "its header was damaged on the way",
      },
    );
  }
  const type = TYPES.get(code);
  if (!type) throw from.error(`there is no type ${code}`);
  if (codec !== 0) throw from.error(`its codec is ${codec}, not agreed on`);
  const { min, max } = LAYOUTS[type];
  if (length < min || length > max) {
    throw new TransferError(
      "protocol",
      {
        doing: `read the ${type} frame`,
        found: `its length must be ${min} to ${max}, found ${length}`,
      },
    );
  }
  if (OF_THE_SESSION.has(type) && entry !== SESSION) {
    throw from.error(`a ${type} names the entry ${entry}`);
  }
  return { type, entry, length, crc };
}

/** The types that have SESSION as their entry. */
const OF_THE_SESSION: ReadonlySet<Frame["type"]> = new Set(
  ["hello", "nonce", "proof", "finish"] as const,
);

/**
 * Reads a whole frame.
 *
 * @param header The header, as {@linkcode decodeHeader} gives it.
 * @param bytes Header and payload; DATA keeps a view into them.
 * @returns The frame; encoding it gives the same bytes.
 * @throws {TransferError} `integrity` where the CRC-32 differs, `protocol`
 * where a field is out of range or bytes are left over.
 */
export function decodeFrame(header: Header, bytes: Uint8Array): Frame {
  const crc = checkOf(bytes.subarray(0, 12), bytes);
  if (crc !== header.crc) {
    throw new TransferError(
      "integrity",
      {
        doing: `accept the ${header.type} frame`,
        found: `it was damaged on the way (CRC-32 ${crc.toString(16)}, ` +
          `announced ${header.crc.toString(16)})`,
      },
    );
  }
  const from = new FieldReader(bytes.subarray(HEADER_BYTES), header.type);
  const frame = LAYOUTS[header.type].read(from, header);
  from.end();
  return frame;
}
