// Peers that talk, quit or reset: a talking one never costs a byte, and what is
// reported is what is known.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { sendRaw } from "../../lib/raw/send_raw.ts";
import { peer } from "../support/children.ts";
import { noise, sha256Of } from "../support/helpers.ts";
import { needs } from "../support/needs.ts";
import { sendBytes } from "../support/raw_talk.ts";

const MILLION = noise(1_000_000);
const MILLION_SEEN = {
  bytes: MILLION.length,
  sha256: sha256Of(MILLION),
  end: "eof",
} as const;

needs(
  ["python3"],
  "an unread greeting costs whoever closes without draining most of its bytes",
  async () => {
    // What every test below would show of a sender that does not drain.
    await using greeter = await peer("greets");
    const conn = await Deno.connect(greeter.target);
    await conn.read(new Uint8Array(1)); // it has greeted; the rest stays unread
    for (let at = 0; at < MILLION.length;) {
      at += await conn.write(MILLION.subarray(at));
    }
    await conn.closeWrite();
    conn.close();
    const { bytes, end } = await greeter.report();
    assertEquals(end, "reset");
    assert(bytes < MILLION.length, `all ${bytes} bytes arrived`);
  },
);

needs(
  ["python3"],
  "sendRaw() loses no byte to a peer that greets and reads slowly",
  async () => {
    const once = async () => {
      await using greeter = await peer("greets");
      const replies: Uint8Array[] = [];
      const report = await sendBytes(MILLION, greeter.target, {
        onReply: (piece) => replies.push(piece.slice()),
      });
      assertEquals(report, { bytes: MILLION.length, clean: true });
      assertEquals(await greeter.report(), MILLION_SEEN);
      const said = await new Blob(replies as BlobPart[]).text();
      assertEquals(said, "220 Welcome\r\n");
    };
    for (let round = 0; round < 5; round++) {
      await Promise.all([once(), once(), once(), once()]);
    }
  },
);

needs(
  ["python3"],
  "sendRaw() loses no byte to a peer that answers after the end",
  async () => {
    await using answerer = await peer("answers");
    let said = "";
    await sendBytes(MILLION, answerer.target, {
      onReply: (piece) => said += new TextDecoder().decode(piece),
    });
    assertEquals(await answerer.report(), MILLION_SEEN);
    assertEquals(said, "250 got 1000000\r\n");
  },
);

needs(
  ["python3"],
  "sendRaw() loses no byte to a peer that suddenly talks and stops reading",
  async () => {
    const bytes = noise(16_000_000);
    await using talker = await peer("talks_late", "100000");
    let heard = 0;
    await sendBytes(bytes, talker.target, {
      onReply: (piece) => heard += piece.length,
    });
    assertEquals(await talker.report(), {
      bytes: bytes.length,
      sha256: sha256Of(bytes),
      end: "eof",
    });
    assertEquals(heard, 8_000_000);
  },
);

needs(
  ["python3"],
  "sendRaw() cannot fill both buffers with a peer that says everything back",
  async () => {
    const bytes = noise(20_000_000);
    await using echo = await peer("echoes");
    let heard = 0;
    await sendBytes(bytes, echo.target, {
      onReply: (piece) => heard += piece.length,
    });
    assertEquals(heard, bytes.length);
    assertEquals((await echo.report()).bytes, bytes.length);
  },
);

needs(
  ["python3"],
  "sendRaw() loses no byte to a peer that never stops talking, and says that " +
    "nothing is confirmed",
  async () => {
    await using talker = await peer("talks_forever");
    const error = await assertRejects(
      () => sendBytes(MILLION, talker.target, { drainTimeout: 1_500 }),
      TransferError,
    );
    assertEquals(error.code, "unconfirmed");
    const { bytes, sha256 } = await talker.report();
    assertEquals([bytes, sha256], [MILLION_SEEN.bytes, MILLION_SEEN.sha256]);
  },
);

needs(
  ["python3"],
  "sendRaw() says unconfirmed when the peer resets after reading everything",
  async () => {
    await using resetter = await peer("resets", "all");
    const error = await assertRejects(
      () => sendBytes(MILLION, resetter.target),
      TransferError,
      "everything was sent, then the peer reset the connection",
    );
    assertEquals(error.code, "unconfirmed");
    assertEquals(await resetter.report(), MILLION_SEEN);
  },
);

needs(
  ["python3"],
  "sendRaw() leaves a source that says nothing when the peer resets",
  async () => {
    await using resetter = await peer("resets", "1");
    async function* stuck() {
      yield noise(1_000);
      await new Promise(() => {});
    }
    const error = await assertRejects(
      () => sendRaw(stuck(), resetter.target),
      TransferError,
    );
    assertEquals(error.code, "lost");
  },
);

for (const name of ["resets", "closes_early"]) {
  const how = name === "resets" ? "resets" : "closes";

  needs(
    ["python3"],
    `sendRaw() says lost when the peer ${how} while there is more to send`,
    async () => {
      await using quitter = await peer(name, "100000");
      const error = await assertRejects(
        () => sendBytes(new Uint8Array(64_000_000), quitter.target),
        TransferError,
      );
      assertEquals(error.code, "lost");
      assertEquals((await quitter.report()).bytes, 100_000);
    },
  );

  needs(
    ["python3"],
    `sendRaw() never calls clean what a peer ${how} on before reading it`,
    async () => {
      // Everything fits into this side's buffer: only the drain can tell.
      await using quitter = await peer(name, "10000");
      const error = await assertRejects(
        () => sendBytes(MILLION, quitter.target),
        TransferError,
      );
      assert(
        error.code === "unconfirmed" || error.code === "lost",
        `${error.code}: ${error.message}`,
      );
      assertEquals((await quitter.report()).bytes, 10_000);
    },
  );
}
