import { assert, assertEquals } from "@std/assert";
import type { Duplex } from "../../lib/net/duplex.ts";
import { writeAll } from "../../lib/net/half_close.ts";
import {
  KEY_CERTIFICATE_NAME,
  keyCertificateOf,
} from "../../lib/security/key_certificate.ts";
import { tlsClientEnd, tlsServerEnd } from "../../lib/security/tls.ts";
import { noise } from "../support/helpers.ts";
import { connectedPair } from "../support/pairs.ts";

const RIGHT = await keyCertificateOf(new Uint8Array(32).fill(1));

/** Counts what is read of a connection. */
function counted(conn: Duplex): Duplex & { taken: number } {
  return {
    taken: 0,
    async read(into) {
      const count = await conn.read(into);
      this.taken += count ?? 0;
      return count;
    },
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
}

for (const part of ["server", "client"] as const) {
  Deno.test(`TLS's ${part} takes no more than is read of it (9)`, async () => {
    const [near, far] = await connectedPair();
    const under = counted(far);
    const trust = { hostname: KEY_CERTIFICATE_NAME, ca: [RIGHT.cert] };
    const [theirs, ours] = part === "server"
      ? await Promise.all([
        tlsClientEnd(near, trust).then(({ conn }) => conn),
        tlsServerEnd(under, RIGHT),
      ])
      : await Promise.all([
        tlsServerEnd(near, RIGHT),
        tlsClientEnd(under, trust).then(({ conn }) => conn),
      ]);
    const bytes = noise(30_000_000); // more than all buffers in between hold
    const sending = (async () => {
      await writeAll(theirs, bytes);
      await theirs.closeWrite();
    })();
    const buffer = new Uint8Array(1_000);
    let heard = 0;
    for (let turn = 0; turn < 200; turn++) {
      heard += (await ours.read(buffer))!;
      await new Promise((resolve) => setTimeout(resolve, 0));
      const ahead = under.taken - heard;
      assert(ahead < 500_000, `${ahead} bytes wait to be read`);
    }
    const rest = new Uint8Array(65_536);
    for (let count; (count = await ours.read(rest)) !== null;) heard += count;
    await sending;
    assertEquals(heard, bytes.length);
    ours.close();
    theirs.close();
  });
}
