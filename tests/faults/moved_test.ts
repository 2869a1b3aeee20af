// A destination that is moved away, or replaced by a link to somewhere else,
// while a file is on its way: nothing lands anywhere else.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { serve } from "../../lib/server/serve.ts";
import { directorySink } from "../../lib/sink/disk/mod.ts";
import { send } from "../../lib/transfer/sender/send.ts";
import { noise, tempDir, tree } from "../support/helpers.ts";
import { waitForFiles } from "../support/wait_for_files.ts";

/** Sends a file slowly, and does something in its middle. */
async function inTheMiddle(
  name: string,
  act: (inbox: string, elsewhere: string) => Promise<void>,
): Promise<{ failure: TransferError; elsewhere: string[] }> {
  await using box = await tempDir();
  const inbox = `${box.path}/inbox`, elsewhere = `${box.path}/elsewhere`;
  await Deno.mkdir(`${inbox}/sub`, { recursive: true });
  await Deno.mkdir(elsewhere);
  await using server = serve({ sink: directorySink(inbox), onError() {} });
  const gate = Promise.withResolvers<void>();
  async function* source() {
    yield noise(2_000_000);
    await gate.promise;
    yield noise(1_000);
  }
  const sending = assertRejects(
    () => send(source(), server.addr, { name }),
    TransferError,
  );
  // A temporary file is there: from now on the place is chosen.
  await waitForFiles(
    inbox,
    async () => (await tree(inbox)).some((one) => one.startsWith(".")),
  );
  await act(inbox, elsewhere);
  gate.resolve();
  return { failure: await sending, elsewhere: await tree(elsewhere) };
}

/** What is done, and to which part of the way. */
const MOVES: [string, string, (inbox: string, to: string) => Promise<void>][] =
  [
    ["the destination is moved away", "file", async (inbox) => {
      await Deno.rename(inbox, `${inbox}-moved`);
    }],
    ["the destination becomes a link", "file", async (inbox, elsewhere) => {
      await Deno.rename(inbox, `${inbox}-moved`);
      await Deno.symlink(elsewhere, inbox);
    }],
    ["the destination is removed", "file", async (inbox) => {
      await Deno.remove(inbox, { recursive: true });
    }],
    [
      "a directory below it becomes a link",
      "sub/file",
      async (inbox, elsewhere) => {
        await Deno.remove(`${inbox}/sub`);
        await Deno.symlink(elsewhere, `${inbox}/sub`);
      },
    ],
  ];

for (const [what, name, act] of MOVES) {
  Deno.test(`where ${what} nothing lands anywhere else, and the sender is told (5, 8)`, async () => {
    const { failure, elsewhere } = await inTheMiddle(name, act);
    assert(
      ["remote-io", "rejected"].includes(failure.code),
      `${failure.code}: ${failure.message}`,
    );
    assertEquals(elsewhere, []);
  });
}
