/**
 * Two hosts on this machine and the cable between them. Needs root, ip and nft.
 *
 * @module
 */

import { run } from "../support/children.ts";
import { type Command, under } from "../support/commands.ts";

/** A cable that can be cut. */
export interface Cable extends AsyncDisposable {
  /** What runs a command on one of its two hosts, in front of the command. */
  on(host: "a" | "b"): Command;
  /** The address of the second host. */
  readonly address: string;
  /** Drops every packet, both ways, and tells nobody. */
  cut(): Promise<void>;
  /** Lets packets pass again. */
  mend(): Promise<void>;
}

/**
 * Lays a cable.
 *
 * @param options How many of a hundred packets are lost, each way.
 */
export async function cable(options: { loss?: number } = {}): Promise<Cable> {
  const random = crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36);
  const [a, b] = [`hc-${random}-a`, `hc-${random}-b`];
  const [near, far] = [`${random}a`, `${random}b`];
  const ip = (...args: string[]) => run("ip", ...args);
  const nft = (rules: string) => run(...under(laid.on("a"), ["nft", rules]));
  const filter = (table: string, rule: (way: "i" | "o") => string) =>
    nft(
      [
        `add table inet ${table}`,
        ...(["input", "output"] as const).flatMap((hook) => [
          `add chain inet ${table} ${hook} ` +
          `{ type filter hook ${hook} priority 0; }`,
          `add rule inet ${table} ${hook} ${
            rule(hook === "input" ? "i" : "o")
          }`,
        ]),
      ].join("; "),
    );
  const laid: Cable = {
    on: (host) => ["ip", "netns", "exec", host === "a" ? a : b],
    address: "10.98.0.2",
    cut: async () => void await filter("cut", (way) => `${way}if != lo drop`),
    mend: async () => void await nft("delete table inet cut"),
    async [Symbol.asyncDispose]() {
      for (const name of [a, b]) await ip("netns", "del", name);
    },
  };
  await ip("netns", "add", a);
  await ip("netns", "add", b);
  await ip(
    ...["link", "add", near, "netns", a],
    ...["type", "veth", "peer", "name", far, "netns", b],
  );
  for (const [host, device, last] of [[a, near, 1], [b, far, 2]] as const) {
    await ip("-n", host, "link", "set", "lo", "up");
    await ip("-n", host, "addr", "add", `10.98.0.${last}/24`, "dev", device);
    await ip("-n", host, "link", "set", device, "up");
  }
  const { loss = 0 } = options;
  if (loss > 0) {
    await filter("loss", () => `numgen random mod 100 < ${loss} drop`);
  }
  return laid;
}
