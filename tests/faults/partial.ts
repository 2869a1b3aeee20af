/**
 * Transfers that were interrupted, and what they left.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/errors.ts";
import { send } from "../../lib/send.ts";
import { serve } from "../../lib/serve.ts";
import { directorySink } from "../../lib/store.ts";
import { tree } from "../helpers.ts";
import { FaultProxy } from "./proxy.ts";

/**
 * Sends most of some bytes and is cut off.
 *
 * @param dir Where they go.
 * @param name Their name there.
 * @param bytes More than is started over.
 * @param cutAfter How many bytes pass.
 * @returns The path of the partial.
 */
export async function interrupted(
  dir: string,
  name: string,
  bytes: Uint8Array,
  cutAfter = Math.floor(bytes.length * 0.9),
): Promise<string> {
  const before = await tree(dir);
  await using server = serve({ sink: directorySink(dir), onError() {} });
  await using proxy = await FaultProxy.to(server.addr, { up: { cutAfter } });
  try {
    await send(bytes, proxy.addr, { name, limitRate: 1e8 });
  } catch (error) {
    assert(error instanceof TransferError, String(error));
  }
  await server.shutdown();
  const left = (await tree(dir)).filter((one) => !before.includes(one));
  assertEquals(left.length, 1, `one partial: ${left.join()}`);
  assert(left[0]!.startsWith(".halfclose-"), left[0]);
  return `${dir}/${left[0]}`;
}
