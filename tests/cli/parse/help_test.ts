import { assert, assertEquals } from "@std/assert";
import { OUTCOMES } from "../../../lib/base/errors.ts";
import { HELP } from "../../../lib/cli/parse/help.ts";
import { parseCommand } from "../../../lib/cli/parse/parse.ts";

/** Options that need something beside them, with that. */
const BESIDE: Record<string, string[]> = {
  "--reply": ["--raw"],
  "--raw": ["-o", "F"],
  "--tls-cert": ["--tls-key", "F"],
  "--tls-key": ["--tls-cert", "F"],
  "--ca": ["--tls"],
};
const SAMPLES: Record<string, string> = {
  "N": "1",
  "S": "1",
  "RATE": "1M",
  "SIZE": "1M",
  "NAME": "n",
  "DIR": "D",
  "PATH|-": "F",
  "PATH": "F",
};

for (
  const [topic, tail] of [["send", ["a", "h:1"]], ["receive", ["1"]]] as const
) {
  const options = [...HELP[topic].matchAll(
    /^ {2}(?:(-\w), )?(--[\w-]+)(?: (\S+))?/gm,
  )];

  Deno.test(`help for ${topic} names only options that there are`, () => {
    assert(options.length > 8);
    for (const [, letter, name, value] of options) {
      const choice = { "--on-conflict": "rename", "--progress": "bar" }[name!];
      const given = value ? [choice ?? SAMPLES[value]!] : [];
      const tls = topic === "send"
        ? ["--tls"]
        : ["--tls-cert", "F", "--tls-key", "F"];
      if (name === "--token-file") BESIDE[name] = tls;
      const beside = topic === "receive" || name !== "--raw"
        ? BESIDE[name!] ?? []
        : [];
      for (const option of [name!, letter].filter((one) => one !== undefined)) {
        const command = parseCommand([
          topic,
          option,
          ...given,
          ...beside,
          ...tail,
        ]);
        assertEquals(command.command, topic, option);
      }
    }
  });
}

Deno.test("help knows every exit code", () => {
  for (const [code, { exit }] of Object.entries(OUTCOMES)) {
    assert(new RegExp(`\\b${exit} +${code}\\b`).test(HELP.main), code);
  }
});

Deno.test("help fits a terminal of 80 columns", () => {
  for (const text of Object.values(HELP)) {
    for (const line of text.split("\n")) assert(line.length <= 80, line);
  }
});
