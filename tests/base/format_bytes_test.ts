import { assertEquals } from "@std/assert";
import { formatBytes } from "../../lib/base/format_bytes.ts";

Deno.test("formatBytes() writes three digits and the unit", () => {
  const table = [
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.00 kB"],
    [1_500_000, "1.50 MB"],
    [40_000_000, "40.0 MB"],
    [999_499_999, "999 MB"],
    [999_600_000, "1.00 GB"],
    [5_000_000_000_000, "5.00 TB"],
    [5_000_000_000_000_000, "5000 TB"],
  ] as const;
  for (const [bytes, text] of table) assertEquals(formatBytes(bytes), text);
});
