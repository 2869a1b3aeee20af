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
/** The defaults that are promised. */
const DEFAULTS = {
  send: {
    "--retry": "3",
    "--timeout": "30",
    "--connect-timeout": "10",
    "--progress": "auto",
  },
  receive: {
    "--dir": ".",
    "--on-conflict": "refuse",
    "--max-connections": "4096",
    "--grace": "30",
    "--timeout": "30",
    "--progress": "auto",
  },
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
    assert(options.length > 8, "No options found: mend the pattern above.");
    for (const [, letter, name, value] of options) {
      const choice = { "--on-conflict": "rename", "--progress": "bar" }[name!];
      const sample = choice ?? (value && SAMPLES[value]);
      assert(
        sample !== undefined || !value,
        `${name} ${value}: add a value for ${value} to SAMPLES in this file`,
      );
      const given = sample ? [sample] : [];
      const tls = topic === "send"
        ? ["--tls"]
        : ["--tls-cert", "F", "--tls-key", "F"];
      if (name === "--token-file") BESIDE[name] = tls;
      const beside = topic === "receive" || name !== "--raw"
        ? BESIDE[name!] ?? []
        : [];
      for (const option of [name!, letter].filter((one) => one !== undefined)) {
        const args = [topic, option, ...given, ...beside, ...tail];
        assertEquals(
          commandOf(args),
          topic,
          `halfclose ${args.join(" ")}: add the option to ` +
            "lib/cli/parse/, or what it needs to BESIDE in this file",
        );
      }
    }
  });
}

/** Which command some arguments are, or why they are none. */
function commandOf(args: readonly string[]): string {
  try {
    return parseCommand(args).command;
  } catch (error) {
    return String(error);
  }
}

for (
  const [topic, tail] of [["send", ["a", "h:1"]], ["receive", ["1"]]] as const
) {
  Deno.test(`help for ${topic} names the defaults that it has`, () => {
    // An option's text goes on in the lines below it, which begin with blanks.
    const named = [...HELP[topic].matchAll(
      /^ {2}(?:-\w, )?(--[\w-]+) (?:(?!^ {2}-)[^])*?\(?default (\w+|\.)\)/gm,
    )];
    const options = named.map(([, option, value]) => [option!, value!]);
    assertEquals(Object.fromEntries(options), DEFAULTS[topic]);
    for (const option of options) {
      assertEquals(
        parseCommand([topic, ...option, ...tail]),
        parseCommand([topic, ...tail]),
        option[0],
      );
    }
  });
}

Deno.test("help knows every exit code", () => {
  for (const [code, { exit }] of Object.entries(OUTCOMES)) {
    assert(
      new RegExp(`\\b${exit} +${code}\\b`).test(HELP.main),
      `${exit} ${code}: add it to EXITS in lib/cli/parse/help.ts`,
    );
  }
});

Deno.test("help fits a terminal of 80 columns", () => {
  for (const text of Object.values(HELP)) {
    for (const line of text.split("\n")) {
      assert(line.length <= 80, `break this line of help.ts: ${line}`);
    }
  }
});
