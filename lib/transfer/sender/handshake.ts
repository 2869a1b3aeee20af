/**
 * The receiver's first words, at the sender.
 *
 * @module
 */

import { sameBytes } from "../../base/digest.ts";
import { TransferError } from "../../base/errors.ts";
import { HANDSHAKE_TIMEOUT_MS, withDeadline } from "../../net/deadline.ts";
import type { SecuredConn } from "../../security/secured_conn.ts";
import type { Hello } from "../../wire/frames.ts";
import type { Channel } from "../channel.ts";
import { errorOfFail } from "../fail.ts";

/**
 * Hears the receiver's HELLO, and its proof where there is a secret. It has a
 * time for it in all: its bytes, however slow, extend nothing.
 *
 * @param channel The connection, with our own HELLO said or about to be.
 * @param secured The same connection, with what is to be proven on it.
 * @param id The transfer's id.
 * @param idleTimeout Longest silence in milliseconds.
 * @returns `false` when the receiver ended without a word.
 * @throws {TransferError} `stalled` when it took too long, `protocol` when it
 * greets somebody else, the code of its FAIL when it could not read our HELLO,
 * and as {@linkcode Channel.hearHello}.
 */
export async function senderHandshake(
  channel: Channel,
  { credentials }: SecuredConn,
  id: Uint8Array,
  idleTimeout: number,
): Promise<boolean> {
  // Who has a secret to prove has accepted the connection by now, and gives us
  // no longer either; in the open it may still wait to be accepted.
  const limit = credentials
    ? HANDSHAKE_TIMEOUT_MS
    : Math.max(HANDSHAKE_TIMEOUT_MS, idleTimeout);
  const hello = await withDeadline(
    channel,
    limit,
    "hear the receiver's first words",
    () => hearHello(channel),
  );
  if (!hello) return false;
  if (sameBytes(hello.id, id)) return true;
  throw new TransferError(
    "protocol",
    { doing: "talk to the receiver", found: "it greets another transfer" },
  );
}

/** Hears HELLO; where that says that ours was not readable, hears why. */
async function hearHello(channel: Channel): Promise<Hello | null> {
  const hello = await channel.hearHello();
  if (!hello || hello.id.some((byte) => byte !== 0)) return hello;
  const frame = await channel.hear();
  if (frame?.type !== "fail") return hello;
  throw errorOfFail(frame, "Cannot talk to the receiver");
}
