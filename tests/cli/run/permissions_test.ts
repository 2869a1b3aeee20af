import { assert, assertEquals } from "@std/assert";
import { parseCommand } from "../../../lib/cli/parse/parse.ts";
import { needsOf } from "../../../lib/cli/run/permissions.ts";

for (
  const [typed, needs] of [
    ["send a b h:1", "read a, read b, net h:1"],
    ["send - [::1]:1", "net [::1]:1"],
    ["send --raw --reply r a h:1", "read a, write r, net h:1"],
    ["send --raw --reply - - h:1", "net h:1"],
    ["send --key-file k a unix:/s", "read a, read k, read /s, write /s"],
    ["send --key-file - a h:1", "read a, net h:1"],
    [
      "send --tls --token-file t --ca c a h:1",
      "read a, read t, read c, net h:1",
    ],
    ["receive 1", "read ., write ., net 127.0.0.1:1"],
    ["receive -d D 0.0.0.0:0", "read D, write D, net 0.0.0.0:0"],
    ["receive -o F 1", "read F, write F, net 127.0.0.1:1"],
    ["receive -o - 1", "net 127.0.0.1:1"],
    [
      "receive --tls-cert c --tls-key k --token-file t -o - 1",
      "read t, read c, read k, net 127.0.0.1:1",
    ],
  ] as const
) {
  Deno.test(`${typed} needs: ${needs}`, () => {
    const command = parseCommand(typed.split(" "));
    assert(command.command === "send" || command.command === "receive");
    assertEquals(
      needsOf(command).map((need) => need.join(" ")).join(", "),
      needs,
    );
  });
}
