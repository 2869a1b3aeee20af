// What holds for every frame and for any bytes.

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TransferError } from "../../lib/base/errors.ts";
import { decodeHeader, encodeFrame } from "../../lib/wire/encoding.ts";
import type { Frame } from "../../lib/wire/frames.ts";
import { LAYOUTS } from "../../lib/wire/layouts.ts";
import { frames } from "../support/arbitraries.ts";
import { joined, sealed } from "../support/helpers.ts";
import { decode } from "../support/wire_frames.ts";

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
  .map((type) => LAYOUTS[type].code);

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
  const types = fc.constantFrom(...Object.values(LAYOUTS).map((f) => f.code));
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
