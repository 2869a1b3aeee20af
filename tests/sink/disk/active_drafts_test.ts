import { assertEquals } from "@std/assert";
import { ActiveDrafts } from "../../../lib/sink/disk/active_drafts.ts";

/** A draft that notes when it is released. */
function draft(released: string[], name: string, error?: Error) {
  return {
    release() {
      released.push(name);
      return error ? Promise.reject(error) : Promise.resolve();
    },
  };
}

Deno.test("ActiveDrafts takes a file from the same transfer, and from no other", async () => {
  const owners = new ActiveDrafts(), released: string[] = [];
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

Deno.test("ActiveDrafts.evict() succeeds when the release of the draft fails", async () => {
  const owners = new ActiveDrafts(), released: string[] = [];
  await owners.add("a", "one", draft(released, "broken", new Error("EIO")));
  await owners.evict("a", "one");
  await owners.evict("a", "one");
  assertEquals(released, ["broken"]);
});
