import { assertEquals, assertThrows } from "@std/assert";
import { TransferError } from "../lib/errors.ts";
import { Owners } from "../lib/owners.ts";

/** A draft that notes when it is told to let go. */
function draft(released: string[], name: string, error?: Error) {
  return {
    release() {
      released.push(name);
      return error ? Promise.reject(error) : Promise.resolve();
    },
  };
}

Deno.test("Owners takes a file from the same transfer, and from no other", async () => {
  const owners = new Owners(), released: string[] = [];
  await owners.add("a", "one", draft(released, "first"));
  await owners.add("a", "two", draft(released, "rival"));
  await owners.add("a", undefined, draft(released, "nobody's"));
  await owners.add("b", "one", draft(released, "another file"));
  assertEquals(released, []);
  await owners.add("a", "one", draft(released, "second"));
  assertEquals(released, ["first"]);
  await owners.evict("a", undefined);
  assertEquals(released, ["first"]);
});

Deno.test("Owners goes on when what is let go of fails", async () => {
  const owners = new Owners(), released: string[] = [];
  await owners.add("a", "one", draft(released, "broken", new Error("EIO")));
  await owners.evict("a", "one");
  await owners.evict("a", "one");
  assertEquals(released, ["broken"]);
});

Deno.test("Owners knows who is late: those who began before somebody who has settled", async () => {
  const owners = new Owners();
  const [early, middle, late] = ["early", "middle", "late"].map((name) =>
    draft([], name)
  );
  for (const one of [early, middle, late]) await owners.add("a", "id", one!);
  const drafts = [draft([], "x"), draft([], "y"), draft([], "z")];
  for (const [at, one] of drafts.entries()) {
    await owners.add("b", `transfer ${at}`, one);
  }
  owners.settle("b", drafts[1]!);
  const error = assertThrows(
    () => owners.mustNotBeLate("b", drafts[0]!),
    TransferError,
  );
  assertEquals([error.code, error.retriable], ["rejected", false]);
  owners.mustNotBeLate("b", drafts[1]!);
  owners.mustNotBeLate("b", drafts[2]!);
  owners.remove("b", drafts[0]!);
  owners.mustNotBeLate("b", drafts[0]!); // it is nobody's any more
});
