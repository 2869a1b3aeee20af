// A connection that ends at any byte, in either direction, in either way: no
// success without the files, no wrong file, and the same again ends well.

import { assert, assertEquals } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { transfer } from "../../lib/transfer/sender/send.ts";
import { each, Inbox, lengthsOf, smallItems } from "./small.ts";

const LENGTHS = await lengthsOf();

/**
 * Invariant 8: what a cut may be called. The first is for a connection that was
 * reset before anything was said on it.
 */
const CUT = ["connect", "lost", "unconfirmed"];

for (const way of ["up", "down"] as const) {
  for (const how of ["fin", "rst"] as const) {
    const side = way === "up" ? "sender's" : "receiver's";
    const name =
      `a ${how} after any of the ${side} bytes loses nothing (1, 3, 6, 8)`;
    Deno.test(name, async () => {
      await using inbox = await Inbox.open();
      const points = Array.from({ length: LENGTHS[way] + 1 }, (_, n) => n);
      const codes = new Map<string, number>();
      await each(points, 16, async (cutAfter) => {
        const name = `n${String(cutAfter).padStart(4, "0")}`;
        const plan = { [way]: { cutAfter, how } };
        const outcome = await inbox.sendPast(plan, name);
        const code = outcome instanceof TransferError ? outcome.code : "ok";
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (outcome instanceof TransferError) {
          assert(CUT.includes(code), `${cutAfter}: ${outcome.message}`);
          await inbox.assertNothingWrong(name);
        } else {
          await inbox.assertWhole(name);
        }
        await transfer(smallItems(name), inbox.server.addr, { retry: 3 });
        await inbox.assertWhole(name);
      });
      assert(codes.get("lost")! > 0 && codes.get("unconfirmed")! > 0);
      await inbox.end();
      assertEquals(inbox.errors.filter(({ code }) => code === "internal"), []);
    });
  }
}
