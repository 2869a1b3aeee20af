/**
 * Addresses: of what kind, how they are written, and who can reach them.
 *
 * @module
 */

import { TransferError } from "../base/errors.ts";
import { quote } from "../base/escape.ts";

/** Where a receiver listens, in `Deno.connect`'s own words. */
export type Target =
  | { transport?: "tcp"; hostname: string; port: number }
  | { transport: "unix"; path: string };

/**
 * Refuses what can be no address: trying it again would change nothing.
 *
 * @param target Where to.
 * @throws {TransferError} `usage` for a host that cannot be called that, and
 * for a port that is none.
 */
export function checkTarget(target: Target): void {
  if (target.transport === "unix") return;
  const { hostname, port } = target;
  const found = !canBeHost(hostname)
    ? "no host can be called that"
    : !Number.isInteger(port) || port < 0 || port > 65_535
    ? "a port is a whole number from 0 to 65535"
    : undefined;
  if (found === undefined) return;
  throw new TransferError(
    "usage",
    { doing: `connect to ${formatTarget(target)}`, found },
  );
}

// What the runtime takes for a name; other letters are spelled in these, too
// ("xn--…", RFC 3492), and containers are called with underscores.
const NAME = /^[\w-]+(\.[\w-]+)*\.?$/;
// An IPv6 address, with its zone (RFC 4007), and in brackets as URLs have it.
const V6 = /^\[?([\da-f:.]+)(?:%[^\]]+)?\]?$/i;

function canBeHost(hostname: string): boolean {
  const [, address] = V6.exec(hostname) ?? [];
  return NAME.test(hostname) ||
    (address !== undefined && URL.canParse(`http://[${address}]`));
}

/**
 * Writes an address as people type it.
 *
 * @param target The address.
 * @returns `host:port`, `[v6]:port` or `unix:path`, escaped.
 */
export function formatTarget(target: Target): string {
  if (target.transport === "unix") return `unix:${bare(target.path)}`;
  const { hostname, port } = target;
  return hostname.includes(":")
    ? `[${bare(hostname)}]:${port}`
    : `${bare(hostname)}:${port}`;
}

function bare(text: string): string {
  return quote(text).slice(1, -1);
}

/**
 * Whether no other machine can reach an address.
 *
 * @param target Where to listen, or to send to.
 * @returns `true` for the loopback network and Unix sockets. A name other than
 * `localhost` may stand for anything and gives `false`.
 */
export function isLocal(target: Target): boolean {
  if (target.transport === "unix") return true;
  const { hostname } = target;
  return hostname === "localhost" || hostname === "::1" ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}

/**
 * Where a listener can be reached, as {@linkcode Target}.
 *
 * @param addr Its own address.
 * @returns The same in the words of connecting.
 */
export function targetOf(addr: Deno.Addr): Target {
  if (addr.transport === "tcp") {
    return { hostname: addr.hostname, port: addr.port };
  }
  if (addr.transport === "unix") return { transport: "unix", path: addr.path };
  throw new RangeError(`Cannot serve over ${addr.transport}`);
}
