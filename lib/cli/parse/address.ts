/**
 * Addresses as people type them.
 *
 * @module
 */

import { TransferError } from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";
import type { Target } from "../../net/address.ts";

/**
 * Reads where to send to.
 *
 * @param text `host:port`, `[v6]:port` or `unix:/path.sock`.
 * @returns The same in `Deno.connect`'s words.
 * @throws {TransferError} `usage`, saying what is accepted.
 */
export function parseTarget(text: string): Target {
  const target = parse(text);
  if (target && (!("port" in target) || target.port > 0)) return target;
  throw new TransferError(
    "usage",
    {
      doing: `read the address ${quote(text)}`,
      found: "it comes last and must be HOST:PORT, [V6]:PORT or " +
        "unix:PATH, with a port of 1 to 65535",
    },
  );
}

/**
 * Reads where to listen.
 *
 * @param text As for {@linkcode parseTarget}; the host may be left out, which
 * means this machine only, and port 0 means any free one.
 * @returns The same in `Deno.listen`'s words.
 * @throws {TransferError} `usage`, saying what is accepted.
 */
export function parseListen(text: string): Target {
  const target = parse(/^\d+$/.test(text) ? `127.0.0.1:${text}` : text);
  if (target) return target;
  throw new TransferError(
    "usage",
    {
      doing: `read the address ${quote(text)}`,
      found: "it must be PORT, HOST:PORT, [V6]:PORT or unix:PATH, with a " +
        "port of 0 to 65535",
    },
  );
}

function parse(text: string): Target | undefined {
  if (text.startsWith("unix:") && text.length > 5) {
    return { transport: "unix", path: text.slice(5) };
  }
  const match = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]\s]+)):(\d{1,5})$/i.exec(text);
  if (!match) return undefined;
  const [, v6, name, digits] = match;
  const port = Number(digits);
  return port <= 65535 ? { hostname: (v6 ?? name)!, port } : undefined;
}
