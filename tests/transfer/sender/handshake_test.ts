import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { Channel } from "../../../lib/transfer/channel.ts";
import { senderHandshake } from "../../../lib/transfer/sender/handshake.ts";
import { SESSION } from "../../../lib/wire/frames.ts";
import { connectedPair } from "../../support/pairs.ts";
import { accept, fail, hello, ID, Scripted } from "../../support/scripted.ts";

/** What is made of a receiver that does this. */
async function heard(
  act: (receiver: Scripted, conn: Deno.Conn) => Promise<void>,
) {
  const [ours, theirs] = await connectedPair();
  using channel = new Channel(ours, 5_000);
  using receiver = new Scripted(theirs);
  const hearing = senderHandshake(channel, { conn: ours }, ID, 5_000);
  hearing.catch(() => {}); // looked at below
  await act(receiver, theirs);
  return await hearing;
}

Deno.test("senderHandshake() knows a receiver that repeats the transfer's id", async () => {
  assertEquals(await heard((receiver) => receiver.greet()), true);
});

Deno.test("senderHandshake() tells an end without a word from everything else", async () => {
  assertEquals(await heard((_, conn) => conn.closeWrite()), false);
});

Deno.test("senderHandshake() wants no greeting that is for another transfer", async () => {
  const other = hello({ id: ID.toReversed() });
  const error = await assertRejects(
    () => heard((receiver) => receiver.greet(other)),
    TransferError,
    "it greets another transfer",
  );
  assertEquals(error.code, "protocol");
});

/** What a receiver says that could not read the sender's HELLO. */
const UNREAD = hello({ id: new Uint8Array(16) });

Deno.test("senderHandshake() hears why the receiver could not read its HELLO", async () => {
  const why = fail(SESSION, {
    code: "integrity",
    retriable: true,
    reason: "it was damaged on the way",
  });
  const error = await assertRejects(
    () =>
      heard(async (receiver) => {
        await receiver.greet(UNREAD);
        await receiver.say(why);
      }),
    TransferError,
  );
  assertEquals([error.code, error.retriable, error.message], [
    "integrity",
    true,
    "Cannot talk to the receiver: it was damaged on the way",
  ]);
});

Deno.test("senderHandshake() takes nothing but a FAIL from a receiver that knows no id", async () => {
  const error = await assertRejects(
    () =>
      heard(async (receiver) => {
        await receiver.greet(UNREAD);
        await receiver.say(accept(0));
      }),
    TransferError,
    "it greets another transfer",
  );
  assertEquals(error.code, "protocol");
});
