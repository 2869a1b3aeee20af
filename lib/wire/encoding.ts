/**
 * The conversation, byte by byte. Version 1.
 *
 * ## Participants
 *
 * The sender connects, the receiver listens. Both first say eight bytes that
 * nothing else says, the preface, its last byte the version; the
 * sender speaks first, so that a receiver shows nothing to a port scan. Then
 * both say HELLO, and from there on only frames pass.
 *
 * ```text
 * sender                                receiver
 *   preface, HELLO        ───▶
 *                         ◀───          preface, HELLO
 *   OPEN 0, OPEN 1, …     ───▶                            names, sizes, times
 *                         ◀───          ACCEPT 0, ACCEPT 1, …
 *   DATA 0, DATA 0, …     ───▶
 *                         ◀───          ALIVE 0 (phase, bytes it has)
 *   END 0, DATA 1, END 1  ───▶                            length and SHA-256
 *                         ◀───          RECEIPT 0         checked, synced, named
 *   FINISH, half-close    ───▶
 *                         ◀───          RECEIPT 1, half-close
 * ```
 *
 * ## Frames
 *
 * All numbers are big-endian. A frame is a header of 16 bytes and a payload
 * whose length has a bound for each type, checked before a byte is allocated:
 *
 * ```text
 *  0      1      2             4                8                12
 * ┌──────┬──────┬─────────────┬────────────────┬────────────────┬────────────┐
 * │ type │ codec│ check       │ entry          │ payload length │ CRC-32     │
 * └──────┴──────┴─────────────┴────────────────┴────────────────┴────────────┘
 * ```
 *
 * `check` is the lower half of the CRC-32 of type, codec, entry and length: a
 * length that was damaged on the way is found before its bytes are waited for.
 * The CRC-32 covers the 12 bytes before it and the payload: damage is found in
 * the frame where it happened. `codec` is 0 outside DATA, and in DATA one that
 * both HELLOs offered. `entry` numbers the files and directories of a transfer
 * from 0; SESSION in its place means the connection as a whole.
 *
 * ## Rules
 *
 * - Several OPENs may be on the way at once, MAX_AHEAD at most that
 *   are not settled. A receiver answers each with ACCEPT or FAIL, and DATA may
 *   follow only an ACCEPT.
 * - Entries come one after the other: between an entry's first DATA and its END
 *   or FAIL there is no other entry's DATA.
 * - ACCEPT says how many bytes of the entry the receiver holds already, with
 *   the SHA-256 of its prefixes, one at the end of each block. The sender takes
 *   its own bytes in, compares, and starts at the end of the last prefix that
 *   agrees, which is what the offset in the first DATA (or, without DATA, the
 *   length in END) says; the receiver drops what lies beyond. It may always
 *   start at 0.
 * - An end of the stream never means that an entry is complete: only END does,
 *   with the length and the SHA-256 of all of it. FINISH says that no OPEN will
 *   follow; an end before it means that the sender was cut off.
 * - A RECEIPT is sent after the bytes were checked, synced and named. It holds
 *   the transfer's id, so one connection's receipt settles no other transfer;
 *   the id is the sender's and the same on every connection of a transfer.
 * - FAIL ends one entry or the whole session and holds a code of the table in
 *   base/errors.ts that its speaker can know (transfer/fail.ts) and a reason. Who says it for the session half-closes and drains;
 *   a receiver says it after the receipts of the commits under way, so what has
 *   no receipt by then was not committed.
 * - A side that is busy for longer than a moment says ALIVE, with what it is
 *   doing.
 * - HELLO offers features, digests and codecs as sets of bits; only what both
 *   offer is used, and a bit in `required` that the other side does not know
 *   ends the conversation. Version 1 has SHA-256 (bit 0 of `digests`), data as
 *   it is (bit 0 of `codecs`), and no optional feature.
 *
 * ## With a secret
 *
 * Where both sides have a key, the sender knocks before all this and the rest
 * passes inside TLS 1.3: key_challenge.ts holds those bytes. Where the receiver has a
 * certificate with a name, TLS 1.3 comes first, the receiver its server. Either
 * way the first thing inside is what is said above, and right after the HELLOs
 * both sides prove that they have the key, or the token:
 *
 * ```text
 * sender                                receiver
 *   preface, HELLO, NONCE ───▶
 *                         ◀───          preface, HELLO, NONCE
 *   PROOF                 ───▶                            checked first
 *                         ◀───          PROOF             only if that was right
 *   OPEN 0, …             ───▶                            only if this was right
 * ```
 *
 * A PROOF is an HMAC over a label with the role of who says it, both NONCEs,
 * both HELLO frames and the SHA-256 of the certificate: security/auth_proof.ts. Until both
 * are right neither side takes another frame, none longer than a FAIL may be, and
 * no disk is touched; a sender takes a FAIL in place of a PROOF for a wrong one.
 * So a receiver that refuses for another reason says its PROOF first.
 *
 * This module is pure: bytes in, values out.
 *
 * @module
 */

import { crc32 } from "../base/digest.ts";
import { TransferError } from "../base/errors.ts";
import { FieldReader, FieldWriter } from "./fields.ts";
import { type Frame, type Header, HEADER_BYTES, SESSION } from "./frames.ts";
import { type Layout, LAYOUTS, TYPES } from "./layouts.ts";

/**
 * Spells a frame.
 *
 * @param frame What to say.
 * @returns Header and payload, in memory of their own.
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
 * Puts a DATA frame's head in front of data that is in place already, so that
 * no byte of it is copied.
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
 * @throws {TransferError} `protocol` for a type, length or codec there is not,
 * `integrity` where its check differs.
 */
export function decodeHeader(bytes: Uint8Array): Header {
  const from = new FieldReader(bytes, "next");
  const code = from.u8();
  const type = TYPES.get(code);
  if (!type) throw from.error(`there is no type ${code}`);
  const codec = from.u8();
  if (codec !== 0) throw from.error(`its codec is ${codec}, not agreed on`);
  const check = from.u16();
  const entry = from.u32(), length = from.u32(), crc = from.u32();
  const { min, max } = LAYOUTS[type];
  if (length < min || length > max) {
    throw new TransferError(
      "protocol",
      `Cannot read the ${type} frame: its length must be ${min} to ${max}, ` +
        `found ${length}`,
    );
  }
  if (OF_THE_SESSION.has(type) && entry !== SESSION) {
    throw from.error(`a ${type} names the entry ${entry}`);
  }
  // A length that was damaged must not be waited for.
  if (check !== headCheckOf(bytes)) {
    throw new TransferError(
      "integrity",
      `Cannot accept the ${type} frame: its header was damaged on the way`,
    );
  }
  return { type, entry, length, crc };
}

/** The types that are about no single entry. */
const OF_THE_SESSION: ReadonlySet<Frame["type"]> = new Set(
  ["hello", "nonce", "proof", "finish"] as const,
);

/**
 * Reads a whole frame.
 *
 * @param header What {@linkcode decodeHeader} made of the first bytes.
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
      `Cannot accept the ${header.type} frame: it was damaged on the way ` +
        `(CRC-32 ${crc.toString(16)}, announced ${header.crc.toString(16)})`,
    );
  }
  const from = new FieldReader(bytes.subarray(HEADER_BYTES), header.type);
  const frame = LAYOUTS[header.type].read(from, header);
  from.end();
  return frame;
}
