import { assertEquals } from "@std/assert";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import { conflictContract } from "../support/conflict_contract.ts";
import { storeContract } from "../support/store_contract.ts";
import type { OpenPlace } from "../support/store_place.ts";

const place: OpenPlace = (onConflict) => {
  const sink = memorySink(onConflict ? { onConflict } : {});
  return Promise.resolve({
    sink,
    durable: false,
    names: () =>
      Promise.resolve(
        [...sink.files.keys(), ...[...sink.directories].map((d) => d + "/")]
          .sort(),
      ),
    content: (name) => Promise.resolve(sink.files.get(name)!),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
};

storeContract("memorySink()", place);
conflictContract("memorySink()", place);

Deno.test("memorySink() keeps every sink's entries to itself", async () => {
  const [one, other] = [memorySink(), memorySink()];
  await (await one.open({ kind: "file", name: "a" })).commit();
  assertEquals([one.files.size, other.files.size], [1, 0]);
});
