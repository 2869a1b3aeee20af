import { assertEquals } from "@std/assert";
import { main } from "../../lib/cli/main.ts";
import { captured } from "../support/printed.ts";

for (
  const [typed, events] of [
    ["send --json f", 1],
    ["send f --json", 1],
    ["send --json --nonsense f h:1", 1],
    ["--json", 1],
    ["send f", 0],
    ["send -- f --json", 0],
  ] as const
) {
  Deno.test(`a usage error of "${typed}" is ${events} JSON lines and one for people`, async () => {
    const { stdout, stderr, value } = await captured(() =>
      main(typed.split(" "))
    );
    assertEquals([value, stdout.length, stderr.length], [2, events, 1]);
    for (const line of stdout) {
      const { event, code, message, retriable } = JSON.parse(line);
      assertEquals(
        [event, code, `halfclose: ${message}`, retriable],
        ["error", "usage", stderr[0], false],
      );
    }
  });
}
