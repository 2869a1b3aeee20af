import { assertEquals } from "@std/assert";
import { onAbort } from "../../lib/base/abort.ts";

Deno.test("onAbort() listens until the end of the block and no longer", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const heard: string[] = [];
  {
    using _first = onAbort(first.signal, () => heard.push("first"));
    using _second = onAbort(second.signal, () => heard.push("second"));
    using _none = onAbort(undefined, () => heard.push("none"));
    first.abort();
  }
  second.abort();
  assertEquals(heard, ["first"]);
});
