// A peer that ended its side before we did: it may read on, or be gone.

import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { sendRaw } from "../../lib/raw/send_raw.ts";
import { noise, readAll } from "../support/helpers.ts";
import { listen } from "../support/raw_talk.ts";

/** Lets the runtime see what the kernel has: loopback delivers at once. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
  }
}

Deno.test("sendRaw() never calls clean what it sent to a peer that was gone", async () => {
  for (const words of ["", "421 go away\r\n"]) {
    using listener = listen();
    const gate = Promise.withResolvers<void>();
    const gone = async function* () {
      await gate.promise; // until the peer has closed
      yield noise(10);
    };
    const heard = Promise.withResolvers<void>();
    const sending = sendRaw(gone(), listener.target, {
      onReply: () => heard.resolve(),
    });
    const conn = await listener.accept();
    await conn.write(new TextEncoder().encode(words));
    if (words) await heard.promise;
    conn.close();
    await turns(); // its end has come
    gate.resolve();
    const error = await assertRejects(() => sending, TransferError);
    assertEquals(error.code, "unconfirmed");
  }
});

Deno.test("sendRaw() loses nothing to a peer that ended first and reads on", async () => {
  using listener = listen();
  const gate = Promise.withResolvers<void>();
  const late = async function* () {
    await gate.promise;
    yield noise(100_000);
  };
  const sending = sendRaw(late(), listener.target);
  using conn = await listener.accept();
  await conn.closeWrite();
  await turns();
  gate.resolve();
  assertEquals(await readAll(conn), noise(100_000));
  assertEquals(await sending, { bytes: 100_000, clean: true });
});
