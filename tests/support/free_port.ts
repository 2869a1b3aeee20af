/**
 * A port where nobody listens.
 *
 * @module
 */

/** Finds one: a listener had it a moment ago and was closed. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
