import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../../../lib/base/errors.ts";
import { checkNamed } from "../../../lib/cli/parse/check_name.ts";
import { parseCommand } from "../../../lib/cli/parse/parse.ts";

for (
  const [name, fault] of [
    ["../x", '"../x": it has the part ".."'],
    ["/abs", '"/abs": it is absolute'],
    ["CON", '"CON": it has a part that is a device on Windows'],
    ["a\nb", '"a\\u{a}b": it holds a control character'],
    ["a//b", '"a//b": it has an empty part'],
  ] as const
) {
  for (const path of ["file", "-"]) {
    Deno.test(`--name ${fault} is refused before ${path} is opened`, () => {
      const error = assertThrows(
        () => parseCommand(["send", "--name", name, path, "h:1"]),
        TransferError,
      );
      assertEquals(
        [error.code, error.message],
        ["usage", `Cannot use --name ${fault}`],
      );
    });
  }
}

Deno.test("--name may be what a receiver takes", () => {
  for (const name of ["a", "dir/a.bin", "ä b"]) {
    const command = parseCommand(["send", "--name", name, "file", "h:1"]);
    assertEquals(command.command === "send" && command.name, name);
  }
});

Deno.test("the root has no name of its own; everything else has", () => {
  for (const path of ["/", "//", "/..", "/tmp/.."]) {
    const error = assertThrows(() => checkNamed(path), TransferError);
    assertEquals(error.code, "usage");
    assertEquals(error.message.endsWith("; --name NAME gives it one"), true);
  }
  for (const path of ["a", ".", "/tmp/", "-"]) checkNamed(path);
});
