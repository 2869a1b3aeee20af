/**
 * Many wrong guesses at a key, as fast as a receiver lets somebody make them.
 *
 * ```sh
 * deno task guesses            # 10,000, and how long they took
 * ```
 *
 * @module
 */

import { TransferError } from "../../lib/base/errors.ts";
import { hangUp, readExactly, writeAll } from "../../lib/net/half_close.ts";
import { nonce } from "../../lib/security/auth_proof.ts";
import { generateKey } from "../../lib/security/key.ts";
import { serve } from "../../lib/server/serve.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import {
  encodeKeyChallenge,
  KEY_CHALLENGE_BYTES,
} from "../../lib/wire/key_challenge.ts";

/** What became of the guesses. */
export interface Guesses {
  /** How many were made. */
  made: number;
  /** How many different answers were heard. */
  answers: number;
  /** How many entries the receiver opened before the honest one. */
  opened: number;
  /** From the first to the last, in seconds. */
  seconds: number;
  /** Size of the memory in use afterwards, less that before, in bytes. */
  grown: number;
}

/** Guesses at once from one address: as many as a receiver hears. */
const AT_ONCE = 250;

/**
 * Guesses, then sees that a sender with the key is still served.
 *
 * @param count How often.
 */
export async function guess(count: number): Promise<Guesses> {
  const key = generateKey();
  let opened = 0;
  const sink = memorySink();
  await using server = serve({
    sink: { open: (entry) => (opened++, sink.open(entry)) },
    key,
  });
  const { addr } = server;
  if (!("port" in addr)) throw new Error("not TCP");
  const answers = new Set<string>();
  let left = count;
  const before = Deno.memoryUsage().rss;
  const begun = performance.now();
  const guesser = async () => {
    while (left-- > 0) {
      const conn = await Deno.connect(addr);
      await writeAll(conn, encodeKeyChallenge(nonce()));
      await readExactly(conn, new Uint8Array(KEY_CHALLENGE_BYTES));
      await writeAll(conn, nonce()); // as long as a proof
      let answer = "";
      try {
        await hangUp(conn, { silence: 10_000, total: 10_000 }, (piece) => {
          answer += piece.join();
        });
      } catch (error) {
        if (!(error instanceof TransferError)) throw error;
      }
      answers.add(answer);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, guesser));
  const seconds = (performance.now() - begun) / 1000;
  const grown = Deno.memoryUsage().rss - before;
  const connected = opened;
  await send(new Uint8Array(5), addr, { key, name: "honest" });
  return {
    made: count,
    answers: answers.size,
    opened: connected,
    seconds,
    grown,
  };
}

if (import.meta.main) {
  const { made, answers, opened, seconds, grown } = await guess(10_000);
  if (answers !== 1 || opened !== 0) Deno.exitCode = 1;
  // deno-lint-ignore no-console -- a script
  console.log(
    `${made} wrong guesses from one address: ${seconds.toFixed(0)} s, ` +
      `${(made / seconds).toFixed(0)} a second, ${answers} kind of answer, ` +
      `${opened} entries opened, ${(grown / 1e6).toFixed(0)} MB more in use, ` +
      "and the sender with the key was served",
  );
}
