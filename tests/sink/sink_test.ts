import { assertEquals, assertRejects } from "@std/assert";
import { TransferError } from "../../lib/base/errors.ts";
import { memorySink } from "../../lib/sink/memory_sink.ts";
import type { Draft } from "../../lib/sink/sink.ts";

const USES: Record<string, (draft: Draft) => Promise<unknown>> = {
  "write()": (draft) => draft.write(new Uint8Array(1)),
  "commit()": (draft) => draft.commit(() => {}),
};

for (const [call, use] of Object.entries(USES)) {
  Deno.test(`${call} of a draft that has ended fails as a bug of the caller`, async () => {
    const draft = await memorySink().open({ kind: "file", name: "a" });
    await draft.abort();
    const error = await assertRejects(
      async () => await use(draft),
      TransferError,
      'Cannot store "a": its draft has ended',
    );
    assertEquals(error.code, "internal");
  });
}
