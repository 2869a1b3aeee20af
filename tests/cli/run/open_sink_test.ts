import { assertEquals } from "@std/assert";
import { openSink } from "../../../lib/cli/run/open_sink.ts";
import { rejectsWith, tempDir, utf8 } from "../../support/helpers.ts";

const COMMAND = { dir: ".", output: undefined, onConflict: "refuse" } as const;

for (
  const [command, found] of [
    [{ dir: "none" }, 'there is no directory "AT/none"; make it first'],
    [{ dir: "file" }, '"AT/file" is not a directory'],
    [{ output: "none/x" }, 'there is no directory "AT/none"; make it first'],
    [{ output: "." }, "it is a directory; -d DIR puts files into one"],
    [{ output: "file/x" }, "Not a directory"],
  ] as const
) {
  Deno.test(`receiving into ${JSON.stringify(command)} is refused at once: ${found}`, async () => {
    await using at = await tempDir();
    await Deno.writeFile(`${at.path}/file`, utf8("x"));
    const [[option, path]] = Object.entries(command) as [[string, string]];
    const whole = `${at.path}/${path}`;
    await rejectsWith(
      "local-io",
      () => openSink({ ...COMMAND, [option]: whole }),
      `Cannot receive into "${whole}": ${found.replace("AT", at.path)}`,
    );
  });
}

Deno.test("receiving into a file, there already or not, or into a directory is not refused", async () => {
  await using at = await tempDir();
  await Deno.writeFile(`${at.path}/file`, utf8("x"));
  for (const output of [`${at.path}/file`, `${at.path}/new`, "-", "new"]) {
    await openSink({ ...COMMAND, output });
  }
  await openSink({ ...COMMAND, dir: at.path });
  assertEquals(await Deno.readTextFile(`${at.path}/file`), "x");
});
