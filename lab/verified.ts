/**
 * The last row of the million bytes: half-close, and a receipt from B's program.
 *
 * What the rows above lack is a word of the program that got the bytes. Here it
 * says one, after it has compared length and SHA-256, and A believes nothing
 * else.
 *
 * @module
 */

import { serve } from "../lib/server/serve.ts";
import { memorySink } from "../lib/sink/memory_sink.ts";
import { send } from "../lib/transfer/sender/send.ts";
import { MILLION } from "./million.ts";
import { addRun, emptyTally, type Tally } from "./tally.ts";

/**
 * Sends a million bytes and waits for the receipt, again and again.
 *
 * @param runs How often.
 * @returns What came out.
 */
export async function verified(runs: number): Promise<Tally> {
  const tally = emptyTally();
  const sink = memorySink();
  let ended = Promise.withResolvers<string>();
  await using server = serve({
    sink,
    onClose: () => ended.resolve("end"),
    onError: ({ code }) => ended.resolve(code),
  });
  for (let run = 0; run < runs; run++) {
    const name = `run-${run}`;
    ended = Promise.withResolvers();
    const sent = send(new Uint8Array(MILLION), server.addr, { name });
    const believed = await sent.then(() => "a receipt", ({ code }) => code);
    const bytes = sink.files.get(name)?.length ?? 0;
    const ending = await ended.promise;
    addRun(tally, { complete: bytes === MILLION, bytes, ending, believed });
  }
  return tally;
}
