import { assert, assertEquals } from "@std/assert";
import { encodeFrame, sealData } from "../../lib/wire/encoding.ts";
import { DATA_HEAD_BYTES, type Frame, SESSION } from "../../lib/wire/frames.ts";
import { hex, joined, noise } from "../support/helpers.ts";
import { ID } from "../support/scripted.ts";
import { DATA, decode, DIGEST } from "../support/wire_frames.ts";

/** The same frame as value and as bytes, both ways. */
function spelled(frame: Frame, dump: string): void {
  const bytes = hex(dump);
  assertEquals(encodeFrame(frame), bytes);
  assertEquals(decode(bytes), frame);
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

Deno.test("HELLO with extensions, byte by byte", () => {
  spelled(
    {
      type: "hello",
      id: ID,
      features: 0,
      required: 0,
      digests: 1,
      codecs: 1,
      extensions: [
        { number: 1, critical: false, value: hex("61 62") },
        { number: 258, critical: false, value: new Uint8Array(0) },
      ],
    },
    `
    01                      # type: HELLO
    00                      # codec: none
    a6 23                   # check of the header
    ff ff ff ff             # entry: the session
    00 00 00 26             # payload length: 38
    6c 39 3e 91             # CRC-32
    00 11 22 33 44 55 66 77 # transfer id
    88 99 aa bb cc dd ee ff
    00 00 00 00             # features offered: none
    00 00 00 00             # features required: none
    00 01                   # digests: SHA-256
    00 01                   # codecs: as it is
    00 01                   # extension 1, which need not be understood
    00 02                   # length of its value
    61 62                   # its value
    01 02                   # extension 258
    00 00                   # no value`,
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
    80 19 82 b4             # CRC-32
    01                      # kind: file
    07                      # has: size, mtime, mode
    00 00                   # reserved
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
    fe 38 df 03             # CRC-32
    02                      # kind: directory
    00                      # has: nothing
    00 00                   # reserved
    00 00 00 00 00 00 00 00 # no size
    00 00 00 00 00 00 00 00 # no mtime
    00 00 00 00             # no mode
    00 01                   # length of the name
    64                      # "d"`,
  );
});

Deno.test("ACCEPT of an entry of which nothing is held, byte by byte", () => {
  const nothing = { algorithm: "sha256", digests: new Uint8Array(0) } as const;
  spelled(
    { type: "accept", entry: 0, held: 0, block: 0, ...nothing },
    `
    20                      # type: ACCEPT
    00 7b c2                # codec, check of the header
    00 00 00 00             # entry 0
    00 00 00 10             # payload length: 16
    d9 60 ea e8             # CRC-32
    00 00 00 00 00 00 00 00 # held: nothing
    00 00 00 00             # block length: none
    01                      # digest: SHA-256
    00 00 00                # reserved`,
  );
});

Deno.test("ACCEPT with the digests of what is held, byte by byte", () => {
  spelled(
    {
      type: "accept",
      entry: 2,
      held: 65_537,
      block: 65_536,
      algorithm: "sha256",
      digests: joined([DIGEST, DIGEST]),
    },
    `
    20                      # type: ACCEPT
    00 69 32                # codec, check of the header
    00 00 00 02             # entry 2
    00 00 00 50             # payload length: 80
    99 6c 10 29             # CRC-32
    00 00 00 00 00 01 00 01 # held: 65,537
    00 01 00 00             # block length: 65,536
    01                      # digest: SHA-256
    00 00 00                # reserved
    ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23 # block 0
    b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad
    ba 78 16 bf 8f 01 cf ea 41 41 40 de 5d ae 22 23 # block 1, one byte
    b0 03 61 a3 96 17 7a 9c b4 10 ff 61 f2 00 15 ad`,
  );
});

Deno.test("DATA, byte by byte", () => {
  const bytes = hex("61 62 63");
  const offset = 2 ** 32 + 2;
  spelled({ type: "data", entry: 3, offset, bytes }, DATA);
});

Deno.test("END, byte by byte", () => {
  spelled(
    {
      type: "end",
      entry: 3,
      length: 3,
      algorithm: "sha256",
      digest: DIGEST,
    },
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
      algorithm: "sha256",
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
    offset: 0,
    bytes: noise(10),
  });
  const frame = decode(data);
  assert(frame.type === "data");
  assert(frame.bytes.buffer === data.buffer);
  const end = encodeFrame({
    type: "end",
    entry: 0,
    length: 0,
    algorithm: "sha256",
    digest: DIGEST,
  });
  const kept = decode(end);
  end.fill(0);
  assert(kept.type === "end");
  assertEquals(kept.digest, DIGEST);
});
