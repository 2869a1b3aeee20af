// Sender and receiver over connections that take apart, delay and cut at any
// byte, held against the ten invariants by number.

import { checkModel } from "./model.ts";
import { seedOf } from "./seed.ts";

Deno.test("whatever the connections do, the invariants hold (1, 2, 3, 4, 5, 6, 8, 9)", async () => {
  await checkModel(seedOf("model"), 60);
});
