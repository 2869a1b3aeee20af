/**
 * Which addresses only this machine can reach.
 *
 * @module
 */

import { nameOf, type Target } from "./connect.ts";
import { TransferError } from "./errors.ts";
import type { ListenOptions } from "./listen.ts";

/**
 * Whether an address is out of others' reach.
 *
 * @param target Where to listen.
 * @returns `true` for the loopback network and Unix sockets. A name other than
 * `localhost` may stand for anything and counts as within reach.
 */
export function isLocal(target: Target): boolean {
  if (target.transport === "unix") return true;
  const { hostname } = target;
  return hostname === "localhost" || hostname === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/**
 * Refuses to listen where others could send without having shown anything.
 *
 * @param options Where to listen, and whether `insecure` was said.
 * @param secured Whether whoever comes must show a key or a token.
 * @throws {TransferError} `usage`, saying what would do.
 */
export function mustBeLocal(
  { hostname = "127.0.0.1", port = 0, path, insecure }: ListenOptions,
  secured: boolean,
): void {
  if (secured || insecure || path !== undefined) return;
  if (isLocal({ hostname, port })) return;
  throw new TransferError(
    "usage",
    `Cannot listen on ${nameOf({ hostname, port })} without a key: whoever ` +
      "reaches it could write here; `key` or `insecure: true` would do",
  );
}
