// Keys at a terminal: a prompt for one, and one that is made for a session.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { cli, onTerminal as terminal } from "../support/children.ts";
import { needs } from "../support/needs.ts";
import { certificate } from "../support/pairs.ts";
import { place } from "../support/secure_place.ts";

/** The program itself on a terminal. */
const onTerminal = (args: string[], after?: string, line?: string) =>
  terminal(["deno", "run", "-P", "cli.ts", ...args], after, line);

needs(
  ["python3"],
  "a prompt for the key shows nothing of what is typed",
  async () => {
    await using at = await place();
    await using receiver = onTerminal(
      ["receive", "--once", "--key-file", "-", "-d", at.path("in"), "0"],
      "Key (it will not be shown)",
      at.key,
    );
    const [, port] = await receiver.stdout.until(/listening on \S+:(\d+)/);
    const sent = await cli(
      [
        "send",
        "--key-file",
        at.path("key"),
        at.path("file"),
        `127.0.0.1:${port}`,
      ],
    );
    assertEquals([sent.code, await receiver.code()], [0, 0], sent.stderr);
    const shown = await receiver.stdout.text();
    assert(!shown.includes(at.key.slice(0, 9)), shown);
  },
);

needs(
  ["python3"],
  "receive on a terminal makes a key for one session and shows the command",
  async () => {
    await using at = await place();
    await using receiver = onTerminal(
      ["receive", "-d", at.path("in"), "0.0.0.0:0"],
    );
    const [, port] = await receiver.stdout.until(/listening on \S+:(\d+)/);
    const [, key] = await receiver.stdout.until(/HALFCLOSE_KEY=(hck1_\w{56})/);
    const [, command] = await receiver.stdout.until(/(deno run .*:\d+)/);
    assertMatch(command!, /^deno run -P cli\.ts send FILE \S+:\d+$/);
    assertEquals(command!.split(":").at(-1), port);
    const address = `127.0.0.1:${port}`;
    const file = at.path("file");
    // Somebody without the key does not use the session up.
    const without = await cli(["send", file, address]);
    assertEquals(without.code, 6, without.stderr);
    const env = { HALFCLOSE_KEY: key! };
    const sent = await cli(["send", file, address], undefined, env);
    assertEquals(sent.code, 0, sent.stderr);
    assertEquals(await receiver.code(), 0);
    const late = await cli(
      ["send", "--retry", "0", file, address],
      undefined,
      env,
    );
    assertEquals(late.code, 5);
  },
);

needs(
  ["python3", "openssl"],
  "with a certificate that command goes to its name, through TLS",
  async () => {
    await using at = await place();
    const { cert, key } = await certificate();
    await Deno.writeTextFile(at.path("cert"), cert);
    await Deno.writeTextFile(at.path("cert-key"), key, { mode: 0o600 });
    await using receiver = onTerminal([
      ...["receive", "-d", at.path("in"), "--tls-cert", at.path("cert")],
      ...["--tls-key", at.path("cert-key"), "0.0.0.0:0"],
    ]);
    const [, made] = await receiver.stdout.until(/HALFCLOSE_KEY=(hck1_\w{56})/);
    const [, options, address] = await receiver.stdout.until(
      /deno run -P cli\.ts (send .*)FILE (\S+:\d+)/,
    );
    assertEquals([options, address!.split(":")[0]], [
      "send --tls ",
      "localhost",
    ]);
    await receiver.stdout.until(/--ca PATH must name/);
    const sent = await cli(
      [
        ...options!.trim().split(" "),
        ...["--ca", at.path("cert"), at.path("file"), address!],
      ],
      undefined,
      { HALFCLOSE_KEY: made! },
    );
    assertEquals([sent.code, await receiver.code()], [0, 0], sent.stderr);
  },
);
