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
    [999_600_000_000_000, "1.00 PB"],
    [Number.MAX_SAFE_INTEGER, "9.01 PB"],
    [18_446_744_073_709_551_615, "18.4 EB"], // the largest size of a frame
    [5e21, "5000 EB"],
  ] as const;
  for (const [bytes, text] of table) assertEquals(formatBytes(bytes), text);
});
