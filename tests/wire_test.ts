import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../lib/errors.ts";
import { DATA_HEAD_BYTES, type Frame, SESSION } from "../lib/frames.ts";
import { FORMATS } from "../lib/formats.ts";
import {
  decodeFrame,
  decodeHeader,
  encodeFrame,
  sealData,
} from "../lib/wire.ts";
import { frames } from "./arbitraries.ts";
import { hex, joined, noise, sealed } from "./helpers.ts";

const ID = hex("00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff");
const DIGEST = hex(`
  ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23
  b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad # SHA-256 of "abc"`);

/** The same frame as value and as bytes, both ways. */
function spelled(frame: Frame, dump: string): void {
  const bytes = hex(dump);
  assertEquals(encodeFrame(frame), bytes);
  assertEquals(decode(bytes), frame);
}

function decode(bytes: Uint8Array): Frame {
  const header = decodeHeader(bytes.subarray(0, 16));
  assertEquals(header.length, bytes.length - 16);
  return decodeFrame(header, bytes);
}

/** Puts length and checks right, so that a test can break something else. */
function framed(dump: string): Uint8Array {
  const bytes = hex(dump);
  new DataView(bytes.buffer).setUint32(8, bytes.length - 16);
  return sealed(bytes);
}

function refuses(code: string, found: string, bytes: Uint8Array): void {
  const error = assertThrows(() => decode(bytes), TransferError, found);
  assertEquals(error.code, code);
}

Deno.test("HELLO, byte by byte", () => {
  spelled(
    {
      type: "hello",
      id: ID,
      features: 0x80000001,
      required: 2,
      digests: 1,
      codecs: 3,
    },
    `
    01                      # type: HELLO
    00                      # codec: none
    7f 91                   # check of the header
    ff ff ff ff             # entry: the session
    00 00 00 1c             # payload length: 28
    d3 df 89 08             # CRC-32
    00 11 22 33 44 55 66 77 # transfer id
    88 99 aa bb cc dd ee ff
    80 00 00 01             # features offered: bits 31 and 0
    00 00 00 02             # features required: bit 1
    00 01                   # digests: SHA-256
    00 03                   # codecs: as it is, and one more`,
  );
});

Deno.test("NONCE, byte by byte", () => {
  spelled(
    { type: "nonce", nonce: DIGEST },
    `
    04                      # type: NONCE
    00 c8 52                # codec, check of the header
    ff ff ff ff             # entry: the session
    00 00 00 20             # payload length: 32
    84 e7 21 e5             # CRC-32
    ba 78 16 bf 8f 01 cf ea # the random number
    41 41 40 de 5d ae 22 23
    b0 03 61 a3 96 17 7a 9c
    b4 10 ff 61 f2 00 15 ad`,
  );
});

Deno.test("PROOF, byte by byte", () => {
  spelled(
    { type: "proof", proof: DIGEST },
    `
    05                      # type: PROOF
    00 a3 6c                # codec, check of the header
    ff ff ff ff             # entry: the session
    00 00 00 20             # payload length: 32
    2a 53 6c 06             # CRC-32
    ba 78 16 bf 8f 01 cf ea # the HMAC
    41 41 40 de 5d ae 22 23
    b0 03 61 a3 96 17 7a 9c
    b4 10 ff 61 f2 00 15 ad`,
  );
});

Deno.test("OPEN of a file with all that is known of it, byte by byte", () => {
  spelled(
    {
      type: "open",
      entry: 1,
      kind: "file",
      name: "d/é.bin",
      size: 1_000_000,
      mtime: -1,
      mode: 0o755,
    },
    `
    10                      # type: OPEN
    00                      # codec: none
    81 ca                   # check of the header
    00 00 00 01             # entry 1
    00 00 00 22             # payload length: 34
    71 c3 87 1e             # CRC-32
    01                      # kind: file
    07                      # has: size, mtime, mode
    01                      # digest: SHA-256
    00                      # reserved
    00 00 00 00 00 0f 42 40 # size: 1,000,000
    ff ff ff ff ff ff ff ff # mtime: a millisecond before 1970
    00 00 01 ed             # mode: 0755
    00 08                   # length of the name
    64 2f c3 a9 2e 62 69 6e # "d/é.bin"`,
  );
});

Deno.test("OPEN of a directory of which only the name is known, byte by byte", () => {
  spelled(
    { type: "open", entry: 256, kind: "directory", name: "d" },
    `
    10                      # type: OPEN
    00 f3 d7                # codec, check of the header
    00 00 01 00             # entry 256
    00 00 00 1b             # payload length: 27
    5b b3 4f 0d             # CRC-32
    02                      # kind: directory
    00                      # has: nothing
    01                      # digest: SHA-256
    00                      # reserved
    00 00 00 00 00 00 00 00 # no size
    00 00 00 00 00 00 00 00 # no mtime
    00 00 00 00             # no mode
    00 01                   # length of the name
    64                      # "d"`,
  );
});

Deno.test("ACCEPT of an entry of which nothing is held, byte by byte", () => {
  const proof = new Uint8Array(0);
  spelled(
    { type: "accept", entry: 0, held: 0, block: 0, proof },
    `
    20                      # type: ACCEPT
    00 27 8d                # codec, check of the header
    00 00 00 00             # entry 0
    00 00 00 0c             # payload length: 12
    b0 89 32 d2             # CRC-32
    00 00 00 00 00 00 00 00 # held: nothing
    00 00 00 00             # block length: none`,
  );
});

Deno.test("ACCEPT with proof of what is held, byte by byte", () => {
  const proof = joined([DIGEST, DIGEST]);
  spelled(
    { type: "accept", entry: 2, held: 65_537, block: 65_536, proof },
    `
    20                      # type: ACCEPT
    00 35 7d                # codec, check of the header
    00 00 00 02             # entry 2
    00 00 00 4c             # payload length: 76
    c3 d6 fa 8b             # CRC-32
    00 00 00 00 00 01 00 01 # held: 65,537
    00 01 00 00             # block length: 65,536
    ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23 # block 0
    b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad
    ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23 # block 1, one byte
    b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad`,
  );
});

const DATA = `
    11                      # type: DATA
    00                      # codec: as it is
    21 f8                   # check of the header
    00 00 00 03             # entry 3
    00 00 00 0b             # payload length: 11
    2d c7 63 05             # CRC-32
    00 00 00 01 00 00 00 02 # offset: 2^32 + 2
    61 62 63                # "abc"`;

Deno.test("DATA, byte by byte", () => {
  const bytes = hex("61 62 63");
  const offset = 2 ** 32 + 2;
  spelled({ type: "data", entry: 3, codec: 0, offset, bytes }, DATA);
});

Deno.test("END, byte by byte", () => {
  spelled(
    { type: "end", entry: 3, length: 3, digest: DIGEST },
    `
    12                      # type: END
    00 2f 90                # codec, check of the header
    00 00 00 03             # entry 3
    00 00 00 2c             # payload length: 44
    6b 73 18 80             # CRC-32
    00 00 00 00 00 00 00 03 # length of the entry
    01                      # digest: SHA-256
    00 00 00                # reserved
    ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23
    b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad`,
  );
});

Deno.test("FINISH, byte by byte", () => {
  spelled(
    { type: "finish", entries: 10_000 },
    `
    13                      # type: FINISH
    00 b6 12                # codec, check of the header
    ff ff ff ff             # entry: the session
    00 00 00 04             # payload length: 4
    91 b0 0f 19             # CRC-32
    00 00 27 10             # entries opened: 10,000`,
  );
});

Deno.test("ALIVE, byte by byte, in each phase", () => {
  const dumps = [
    ["reading", "00", "85 5a 81 53"],
    ["receiving", "01", "92 21 95 10"],
    ["verifying", "02", "ab ac a9 d5"],
    ["syncing", "03", "bc d7 bd 96"],
    ["committing", "04", "d8 b6 d0 5f"],
  ] as const;
  for (const [phase, number, crc] of dumps) {
    spelled(
      { type: "alive", entry: 5, phase, bytes: 258 },
      `
      02                      # type: ALIVE
      00 8f 9f                # codec, check of the header
      00 00 00 05             # entry 5
      00 00 00 09             # payload length: 9
      ${crc}             # CRC-32
      ${number}               # phase
      00 00 00 00 00 00 01 02 # bytes it has: 258`,
    );
  }
});

Deno.test("FAIL, byte by byte", () => {
  spelled(
    {
      type: "fail",
      entry: SESSION,
      code: "rejected",
      retriable: true,
      reason: "busy",
    },
    `
    03                      # type: FAIL
    00 7b d1                # codec, check of the header
    ff ff ff ff             # entry: the session
    00 00 00 08             # payload length: 8
    25 ae 1b ae             # CRC-32
    08                      # code: rejected
    01                      # asking again can help
    00 04                   # length of the reason
    62 75 73 79             # "busy"`,
  );
});

Deno.test("RECEIPT, byte by byte", () => {
  spelled(
    {
      type: "receipt",
      entry: 3,
      id: ID,
      length: 3,
      digest: DIGEST,
      durable: true,
      existing: true,
      committedAt: Date.UTC(2026, 0, 1),
      name: "a",
    },
    `
    21                      # type: RECEIPT
    00 ae 7b                # codec, check of the header
    00 00 00 03             # entry 3
    00 00 00 47             # payload length: 71
    ef 14 01 b4             # CRC-32
    00 11 22 33 44 55 66 77 # transfer id
    88 99 aa bb cc dd ee ff
    00 00 00 00 00 00 00 03 # length of the entry
    01                      # digest: SHA-256
    03                      # durable, existing
    00 00                   # reserved
    ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23
    b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad
    00 00 01 9b 76 da a8 00 # committed at 2026-01-01T00:00:00.000Z
    00 01                   # length of the name
    61                      # "a"`,
  );
});

Deno.test("sealData() makes the same frame around data that is in place", () => {
  const around = new Uint8Array(100).fill(0xee);
  const block = around.subarray(10, 10 + DATA_HEAD_BYTES + 3);
  block.set(hex("61 62 63"), DATA_HEAD_BYTES);
  sealData(block, 3, 2 ** 32 + 2);
  assertEquals(block, hex(DATA));
  assertEquals([around[9], around[10 + block.length]], [0xee, 0xee]);
});

Deno.test("decodeFrame() lends a view of DATA and copies what is kept longer", () => {
  const data = encodeFrame({
    type: "data",
    entry: 0,
    codec: 0,
    offset: 0,
    bytes: noise(10),
  });
  const frame = decode(data);
  assert(frame.type === "data");
  assert(frame.bytes.buffer === data.buffer);
  const end = encodeFrame({ type: "end", entry: 0, length: 0, digest: DIGEST });
  const kept = decode(end);
  end.fill(0);
  assert(kept.type === "end");
  assertEquals(kept.digest, DIGEST);
});

Deno.test("encodeFrame() and decodeFrame() are inverse for every frame", () => {
  fc.assert(
    fc.property(frames, (frame) => {
      const bytes = encodeFrame(frame);
      const again = decode(bytes);
      assertEquals(again, frame);
      assertEquals(encodeFrame(again), bytes);
    }),
    { numRuns: 1000 },
  );
});

/** The types that may not name an entry. */
const OF_THE_SESSION = (["hello", "nonce", "proof", "finish"] as const)
  .map((type) => FORMATS[type].code);

/** Any bytes: a frame that encodes back to them, or one typed error. */
function strict(bytes: Uint8Array): void {
  let frame: Frame;
  try {
    frame = decode(bytes);
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    assert(["protocol", "integrity"].includes(error.code), error.code);
    return;
  }
  assertEquals(encodeFrame(frame), bytes.slice());
}

Deno.test("any bytes are a frame that encodes back to them or one typed error", () => {
  const types = fc.constantFrom(...Object.values(FORMATS).map((f) => f.code));
  const payload = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(types, payload, (type, payload) => {
      // Length and CRC-32 are right, or nothing but those would be tested.
      const bytes = joined([new Uint8Array(16), payload]);
      bytes[0] = type;
      if (OF_THE_SESSION.includes(type)) {
        bytes.fill(0xff, 4, 8);
      }
      const view = new DataView(bytes.buffer);
      view.setUint32(8, payload.length);
      strict(sealed(bytes));
    }),
    { numRuns: 5000 },
  );
});

Deno.test("one changed byte is a frame that encodes back to it or one typed error", () => {
  const change = fc.record({
    at: fc.nat(),
    to: fc.nat(255),
    mend: fc.boolean(),
  });
  fc.assert(
    fc.property(frames, change, (frame, { at, to, mend }) => {
      const bytes = encodeFrame(frame);
      bytes[at % bytes.length] = to;
      if (mend) sealed(bytes);
      try {
        const header = decodeHeader(bytes);
        if (header.length !== bytes.length - 16) return;
      } catch (error) {
        if (!(error instanceof TransferError)) throw error;
        return;
      }
      strict(bytes);
    }),
    { numRuns: 5000 },
  );
});

Deno.test("decodeHeader() gives a bounded header or one typed error for any bytes", () => {
  const header = fc.uint8Array({ minLength: 16, maxLength: 16 });
  fc.assert(
    fc.property(header, fc.constantFrom(1, 2, 3, 16, 17, 18, 19, 32, 33), (
      bytes,
      type,
    ) => {
      bytes[0] = type;
      bytes.fill(0, 1, 4);
      try {
        assert(decodeHeader(sealed(bytes)).length <= 2 ** 20 + 8);
      } catch (error) {
        if (!(error instanceof TransferError)) throw error;
        assertEquals(error.code, "protocol");
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a huge declared length is refused by the header alone", () => {
  for (const { code } of Object.values(FORMATS)) {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, code);
    view.setUint32(4, SESSION);
    view.setUint32(8, 0xffff_ffff);
    // No payload was given: nothing can have been made for it.
    const error = assertThrows(() => decodeHeader(bytes), TransferError);
    assertEquals(error.code, "protocol");
    assert(error.message.endsWith("found 4294967295"), error.message);
  }
});

Deno.test("decodeHeader() finds every single damaged byte before its payload is waited for", () => {
  const good = encodeFrame({
    type: "data",
    entry: 3,
    codec: 0,
    offset: 0,
    bytes: noise(500),
  }).subarray(0, 16);
  for (let at = 0; at < 12; at++) {
    for (let change = 1; change < 256; change++) {
      const bytes = good.slice();
      bytes[at]! ^= change;
      const error = assertThrows(() => decodeHeader(bytes), TransferError);
      assert(["protocol", "integrity"].includes(error.code), error.code);
    }
  }
});

Deno.test("decodeHeader() refuses what version 1 has not", () => {
  for (
    const [dump, found] of [
      ["00 00 00 00 00 00 00 00 00 00 00 00", "there is no type 0"],
      ["ff 00 00 00 00 00 00 00 00 00 00 00", "there is no type 255"],
      [
        "11 01 00 00 00 00 00 00 00 00 00 0b",
        "its codec is 1, not agreed on",
      ],
      [
        "12 01 00 00 00 00 00 00 00 00 00 2c",
        "its codec is 1, not agreed on",
      ],
      [
        "01 00 00 00 00 00 00 00 00 00 00 1c",
        "a hello names the entry 0",
      ],
      [
        "13 00 00 00 00 00 00 07 00 00 00 04",
        "a finish names the entry 7",
      ],
      [
        "04 00 00 00 00 00 00 00 00 00 00 20",
        "a nonce names the entry 0",
      ],
      [
        "05 00 00 00 00 00 00 01 00 00 00 20",
        "a proof names the entry 1",
      ],
    ] as const
  ) {
    const error = assertThrows(
      () => decodeHeader(hex(`${dump} 00 00 00 00`)),
      TransferError,
    );
    assertEquals(error.message, `Cannot read the next frame: ${found}`);
  }
});

Deno.test("decodeFrame() rejects damage anywhere in a frame with integrity", () => {
  const good = hex(DATA);
  for (let at = 12; at < good.length; at++) {
    const bytes = good.slice();
    bytes[at]! ^= 0x10;
    refuses("integrity", "Cannot accept the data frame: it was damaged", bytes);
  }
  // In the header too: another entry's number is damage as well.
  const bytes = good.slice();
  bytes[7]! ^= 1;
  refuses("integrity", "damaged on the way", bytes);
});

Deno.test("decodeFrame() refuses fields out of range although the CRC-32 fits", () => {
  const head = (type: string) => `${type} 00 00 00 00000001 00000000 00000000`;
  const open = (fields: string) =>
    framed(`${head("10")} ${fields} 0001 61 # name`);
  const zeros = "0000000000000000";
  for (
    const [found, bytes] of [
      ["its kind is 3", open(`03 00 01 00 ${zeros} ${zeros} 00000000`)],
      ["unknown flags 8", open(`01 08 01 00 ${zeros} ${zeros} 00000000`)],
      ["its digest is 2", open(`01 00 02 00 ${zeros} ${zeros} 00000000`)],
      ["reserved bytes", open(`01 00 01 01 ${zeros} ${zeros} 00000000`)],
      [
        "it hides a size",
        open(`01 00 01 00 0000000000000001 ${zeros} 00000000`),
      ],
      [
        "it hides a time",
        open(`01 00 01 00 ${zeros} 0000000000000001 00000000`),
      ],
      ["it hides a mode", open(`01 00 01 00 ${zeros} ${zeros} 00000001`)],
      ["its mode is 4096", open(`01 04 01 00 ${zeros} ${zeros} 00001000`)],
      [
        "beyond 2^53",
        open(`01 01 01 00 0020000000000000 ${zeros} 00000000`),
      ],
      [
        "it holds the time 8640000000000001",
        open(`01 02 01 00 ${zeros} 001eb208c2dc0001 00000000`),
      ],
      [
        "1 bytes are left over",
        framed(`
        ${head("10")} 01 00 01 00 ${zeros} ${zeros} 00000000 0000 61`),
      ],
      [
        "it needs 2 bytes more and has 1",
        framed(`${head("10")} 01 00 01 00 ${zeros} ${zeros} 00000000 0002 61`),
      ],
      [
        "a text in it is not UTF-8",
        framed(`${head("10")} 01 00 01 00 ${zeros} ${zeros} 00000000 0001 ff`),
      ],
      [
        "its proof of 0 bytes does not fit 1 held bytes",
        framed(`${head("20")} 0000000000000001 00000001`),
      ],
      [
        "its proof of 0 bytes does not fit 1 held bytes",
        framed(`${head("20")} 0000000000000001 00000000 # block: 0`),
      ],
      [
        "its proof of 0 bytes does not fit 0 held bytes",
        framed(`${head("20")} ${zeros} 00000001`),
      ],
      [
        "its proof of 1 bytes does not fit 0 held bytes",
        framed(`${head("20")} ${zeros} 00000000 ff`),
      ],
      ["its phase is 5", framed(`${head("02")} 05 ${zeros}`)],
      ["its code is 0", framed(`${head("03")} 00 00 0000`)],
      ["its code is 16", framed(`${head("03")} 10 00 0000`)],
      ["unknown flags 2", framed(`${head("03")} 08 02 0000`)],
      [
        "its digest is 0",
        framed(`${head("12")} ${zeros} 00 000000 ${"00".repeat(32)}`),
      ],
      [
        "its reserved bytes are in use",
        framed(`${head("12")} ${zeros} 01 000001 ${"00".repeat(32)}`),
      ],
      [
        "it sets unknown flags 4",
        framed(`${head("21")} ${"00".repeat(16)} ${zeros} 01 04 0000
          ${"00".repeat(32)} ${zeros} 0000`),
      ],
      [
        "it holds the time 9007199254740991",
        framed(`${head("21")} ${"00".repeat(16)} ${zeros} 01 00 0000
          ${"00".repeat(32)} 001fffffffffffff 0000`),
      ],
    ] as const
  ) refuses("protocol", found, bytes);
});
