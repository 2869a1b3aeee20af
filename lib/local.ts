/**
 * Which addresses only this machine can reach.
 *
 * @module
 */

import type { Target } from "./connect.ts";

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
