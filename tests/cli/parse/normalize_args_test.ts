import { assert, assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { normalizeArgs } from "../../../lib/cli/parse/normalize_args.ts";

const OPTIONS = {
  flags: ["json", "quiet", "insecure"],
  values: ["reply", "dir", "name"],
  letters: [["q", "quiet"], ["d", "dir"]],
} as const;

function normal(typed: string): string {
  return normalizeArgs(typed.split(" "), OPTIONS).join(" ");
}

for (
  const option of [
    ...["--insecure=no", "--json=true", "--json=false", "--json=", "-q=no"],
    ...["-dq=1", "-q="],
  ]
) {
  Deno.test(`normalizeArgs() refuses ${option}`, () => {
    const error = assertThrows(() => normal(`a ${option} b`), TransferError);
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
    ["--reply - a", "--reply=- a"],
    ["--json - a", "--json - a"],
    ["--reply x - a", "--reply x - a"],
    ["--reply=x - a", "--reply=x - a"],
    ["-- --reply - a", "-- --reply - a"],
    ["- a", "- a"],
    ["--json --reply - true", "--json --reply=- true"],
  ] as const
) {
  Deno.test(`normalizeArgs() reads ${typed} as ${read}`, () => {
    assertEquals(normal(typed), read);
  });
}

Deno.test("normalizeArgs() shows what was typed on one line, and not all of it", () => {
  const { message } = assertThrows(
    () => normal(`--json=\n${"x".repeat(10_000)}`),
    TransferError,
    "--json=\\u{a}xxx",
  );
  assert(message.length < 200, message);
});
