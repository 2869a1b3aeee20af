/**
 * The sending program of the demo: `sender.ts WAY PORT RUNS` sends a million
 * bytes in one of three ways, again and again, and prints after each run what
 * it believes.
 *
 * @module
 */

import { TransferError } from "../../../base/errors.ts";
import { hangUp, writeAll } from "../../../net/half_close.ts";
import { send } from "../../../transfer/sender/send.ts";
import { printResult } from "../../report/print.ts";
import { type Belief, BOUNDS, MILLION, type Way } from "./ways.ts";

async function sendOnce(
  way: Way,
  bytes: Uint8Array,
  target: { hostname: string; port: number },
  run: number,
): Promise<Belief> {
  if (way === "verified") {
    const name = `run-${run}.bin`;
    const receipt = await send(bytes, target, { name });
    const whole = receipt.bytes === MILLION && receipt.durable;
    return { says: "delivered: it holds a receipt", receipt: whole };
  }
  const conn = await Deno.connect(target);
  await writeAll(conn, bytes);
  if (way === "close") {
    conn.close();
    return { says: "success: every write() resolved", receipt: false };
  }
  await hangUp(conn, BOUNDS);
  return {
    says: "the peer read to the end, contents unconfirmed",
    receipt: false,
  };
}

if (import.meta.main) {
  const [way, port, runs] = Deno.args as [Way, string, string];
  const bytes = new Uint8Array(MILLION);
  for (let at = 0; at < MILLION; at += 50_000) {
    crypto.getRandomValues(bytes.subarray(at, at + 50_000));
  }
  for (let run = 1; run <= Number(runs); run++) {
    const target = { hostname: "127.0.0.1", port: Number(port) };
    const belief = await sendOnce(way, bytes, target, run).catch((error) => {
      if (!(error instanceof TransferError)) throw error;
      return { says: `failure: ${error.code}`, receipt: false };
    });
    printResult(JSON.stringify(belief));
  }
}
