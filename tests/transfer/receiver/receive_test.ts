import { assert, assertEquals } from "@std/assert";
import { memorySink } from "../../../lib/sink/memory_sink.ts";
import { receive } from "../../../lib/transfer/receiver/receive.ts";
import { noise } from "../../support/helpers.ts";
import { connectedPair, unixPair } from "../../support/pairs.ts";
import { data, end, finish, open, Scripted } from "../../support/scripted.ts";

const BYTES = noise(1_000);

for (
  const [name, pair] of [["TCP", connectedPair], ["Unix", unixPair]] as const
) {
  Deno.test(`receive() takes a session over a ${name} connection and closes it`, async () => {
    const [ours, theirs] = await pair();
    using sender = new Scripted(ours);
    const sink = memorySink();
    const outcome = receive(theirs, sink);
    await sender.greet();
    await sender.say(open(0), data(0, BYTES), end(0, BYTES), finish(1));
    await sender.hearHello();
    await sender.hear("accept");
    await sender.hear("receipt");
    assertEquals(await sender.end(), []);
    const [receipt] = await outcome;
    assertEquals([receipt?.name, receipt?.bytes], ["file-0", 1_000]);
    assertEquals(sink.files.get("file-0"), BYTES);
    const gone = await theirs.read(new Uint8Array(1)).catch((error) => error);
    assert(gone instanceof Deno.errors.BadResource);
  });
}
