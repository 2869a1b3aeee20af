import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import type { Duplex } from "../../lib/net/duplex.ts";
import type { Credentials, Role } from "../../lib/security/auth_proof.ts";
import {
  delayFailure,
  FAILURE_DELAY_MS,
} from "../../lib/security/exchange_proofs.ts";
import { Channel } from "../../lib/transfer/channel.ts";
import { FAIR, memoryPair } from "../faults/memory_conn.ts";
import { FakeTime } from "../support/fake_time.ts";

const ID = new Uint8Array(16).fill(7);

/** One end, with what it must prove. */
function end(
  conn: Duplex,
  role: Role,
  change: Partial<Credentials> = {},
): Channel {
  const secret = new Uint8Array(32).fill(1), binding = secret;
  const credentials = { role, secret, binding, ...change };
  return new Channel(conn, 5_000, { credentials });
}

/** Both ends greet each other; what each of them makes of it. */
async function greet(
  sender: Partial<Credentials>,
  receiver: Partial<Credentials>,
) {
  using time = new FakeTime(); // wrong proofs are told late
  const [one, other] = memoryPair(FAIR);
  using near = end(one, "sender", sender);
  using far = end(other, "receiver", receiver);
  near.sayHello(ID);
  const heard = far.hearHello().catch((error) => (far.close(), error));
  return await time.until(Promise.all([
    near.hearHello().catch((error) => error),
    heard,
  ]));
}

Deno.test("two that have the same secret greet each other", async () => {
  const [near, far] = await greet({}, {});
  assertEquals([near.id, far.id], [ID, ID]);
});

Deno.test("two of which one has another secret or certificate do not", async () => {
  const other = new Uint8Array(32).fill(2);
  for (const change of [{ secret: other }, { binding: other }]) {
    for (const [sender, receiver] of [[change, {}], [{}, change]] as const) {
      const [near, far] = await greet(sender, receiver);
      assert(near instanceof TransferError && far instanceof TransferError);
      assertEquals(far.code, "auth");
      assertEquals(near.code, "lost"); // it was closed on, and told nothing
    }
  }
});

Deno.test("two senders do not take each other for a receiver", async () => {
  const [near, far] = await greet({}, { role: "sender" });
  assert(near instanceof TransferError && far instanceof TransferError);
  assert(near.code === "auth" || far.code === "auth");
});

Deno.test("delayFailure() holds a wrong proof up, and no other", async () => {
  using time = new FakeTime();
  await delayFailure(() => {}); // no timer is fired meanwhile
  const failure = assertRejects(
    () =>
      delayFailure(() => {
        throw new TransferError("auth", "Cannot trust it");
      }),
    TransferError,
  );
  await time.until(failure);
  assertEquals(time.passed, FAILURE_DELAY_MS);
});
