/**
 * The program at the other end of the demo: it greets, as mail servers do, and
 * reads slowly, as busy programs do.
 *
 * `receiver.ts plain` counts what arrives; `receiver.ts verified DIR` reads just
 * as slowly, but receives into a directory and so sends receipts. It prints its
 * port, then a line for each connection, until its stdin ends.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { TransferError } from "../../../base/errors.ts";
import { type Duplex, readSome } from "../../../net/duplex.ts";
import { hangUp, writeAll } from "../../../net/half_close.ts";
import { directorySink } from "../../../sink/disk/mod.ts";
import { receive } from "../../../transfer/receiver/receive.ts";
import { printResult } from "../../report/print.ts";
import { type Arrival, BOUNDS } from "./ways.ts";

/** How much is read at once: a page, like many programs of old. */
const READ_BYTES = 4_096;

/** After so many reads the program is busy with something else. */
const READS_PER_PAUSE = 8;

/** For so many milliseconds. */
const PAUSE_MS = 1;

/** A connection that is read slowly. */
function slowly(conn: Deno.Conn): Duplex {
  let reads = 0;
  return {
    async read(into) {
      if (++reads % READS_PER_PAUSE === 0) {
        await delay(PAUSE_MS);
      }
      return await conn.read(into.subarray(0, READ_BYTES));
    },
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

async function count(conn: Duplex): Promise<Arrival> {
  const buffer = new Uint8Array(READ_BYTES);
  let bytes = 0;
  try {
    await writeAll(conn, new TextEncoder().encode("220 Welcome\r\n"));
    for (let n; (n = await readSome(conn, buffer)) !== null;) bytes += n;
    await hangUp(conn, BOUNDS);
    return { bytes };
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    conn.close();
    return { bytes, error: error.message };
  }
}

async function verify(conn: Duplex, dir: string): Promise<Arrival> {
  try {
    const receipts = await receive(conn, directorySink(dir));
    return { bytes: receipts.reduce((sum, { bytes }) => sum + bytes, 0) };
  } catch (error) {
    if (!(error instanceof TransferError)) throw error;
    return { bytes: 0, error: error.message };
  }
}

if (import.meta.main) {
  const [way, dir = ""] = Deno.args;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  printResult(String(listener.addr.port));
  Deno.stdin.read(new Uint8Array(1)).then(() => listener.close());
  for await (const conn of listener) {
    const slow = slowly(conn);
    const arrival = await (way === "plain" ? count(slow) : verify(slow, dir));
    printResult(JSON.stringify(arrival));
  }
}
