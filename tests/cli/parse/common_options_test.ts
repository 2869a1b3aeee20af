import { assertEquals } from "@std/assert";
import { parseCommand } from "../../../lib/cli/parse/parse.ts";
import { CONNECT_TIMEOUT_MS } from "../../../lib/net/connect.ts";
import { IDLE_TIMEOUT_MS } from "../../../lib/net/deadline.ts";
import { refuses } from "../../support/command_lines.ts";

/** The least of each command. */
const LEAST = { send: ["send", "a", "h:1"], receive: ["receive", "1"] };

for (const [command, args] of Object.entries(LEAST)) {
  Deno.test(`${command}: the options of both commands have the same defaults`, () => {
    const { raw, timeout, json, quiet, progress, keyFile, tokenFile } =
      parseCommand(args) as unknown as Record<string, unknown>;
    assertEquals(
      { raw, timeout, json, quiet, progress, keyFile, tokenFile },
      {
        raw: false,
        timeout: 30_000,
        json: false,
        quiet: false,
        progress: "auto",
        keyFile: undefined,
        tokenFile: undefined,
      },
    );
  });

  Deno.test(`${command}: --help and --version overrule what else is wrong`, () => {
    const [first, ...rest] = args;
    for (const more of [[], rest, ["--timeout", "x"]]) {
      assertEquals<unknown>(parseCommand([first!, "--help", ...more]), {
        command: "help",
        topic: command,
      });
      assertEquals<unknown>(parseCommand([first!, "--version", ...more]), {
        command: "version",
      });
    }
  });
}

/** How a command is told of TLS, and what it says one needs. */
const TLS = {
  send: [["--tls"], "--tls"],
  receive: [
    ["--tls-cert", "c", "--tls-key", "k"],
    "--tls-cert and --tls-key",
  ],
} as const;

refuses(
  (["send", "receive"] as const).flatMap((command) => {
    const [tls, needs] = TLS[command];
    const [, ...rest] = LEAST[command];
    const raw = command === "send" ? ["--raw"] : ["--raw", "-o", "F"];
    const open = "--raw is plain TCP, without a key and without TLS";
    const rows: [readonly string[], string][] = [
      [[...raw, "--key-file", "k"], open],
      [[...raw, "--token-file", "t"], open],
      [[...raw, ...tls], open],
      [
        ["--key-file", "k", "--token-file", "t", ...tls],
        "--key-file and --token-file exclude each other",
      ],
      [["--token-file", "t"], `--token-file needs ${needs}`],
    ];
    return rows.map(([args, found]): [string[], string] => [
      [command, ...args, ...rest],
      `${found}; see halfclose ${command} --help`,
    ]);
  }),
);

Deno.test("the program and the library wait equally long, and the program tries three times more", () => {
  const { timeout, connectTimeout, retry } = parseCommand(
    LEAST.send,
  ) as unknown as Record<string, unknown>;
  assertEquals([timeout, connectTimeout, retry], [30_000, 10_000, 3]);
  assertEquals([IDLE_TIMEOUT_MS, CONNECT_TIMEOUT_MS], [30_000, 10_000]);
});
