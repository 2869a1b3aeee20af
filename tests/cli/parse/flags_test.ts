import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { withFlagsAlone } from "../../../lib/cli/parse/flags.ts";

const FLAGS = ["json", "quiet", "insecure"];
const LETTERS = [["q", "quiet"], ["d", "dir"]] as const;

function tidy(typed: string): string {
  return withFlagsAlone(typed.split(" "), FLAGS, LETTERS).join(" ");
}

for (
  const option of [
    ...["--insecure=no", "--json=true", "--json=false", "--json=", "-q=no"],
    ...["-dq=1", "-q="],
  ]
) {
  Deno.test(`withFlagsAlone() refuses ${option}`, () => {
    const error = assertThrows(() => tidy(`a ${option} b`), TransferError);
    assertEquals(
      [error.code, error.message],
      ["usage", `Cannot read ${option}: it takes no value`],
    );
  });
}

for (
  const [typed, read] of [
    ["--dir=x -d=x --name=--json=1 a=b", "--dir=x -d=x --name=--json=1 a=b"],
    ["a -- --json=no", "a -- --json=no"],
    ["--json true h:1", "--json ./true h:1"],
    ["-q false h:1", "-q ./false h:1"],
    ["--dir true --json -- true", "--dir true --json -- true"],
    ["-d true true", "-d true true"],
  ] as const
) {
  Deno.test(`withFlagsAlone() reads ${typed} as ${read}`, () => {
    assertEquals(tidy(typed), read);
  });
}

Deno.test("withFlagsAlone() shows what was typed on one line, and not all of it", () => {
  const { message } = assertThrows(
    () => tidy(`--json=\n${"x".repeat(10_000)}`),
    TransferError,
    "--json=\\u{a}xxx",
  );
  assert(message.length < 200, message);
});
