/**
 * What a failure of the disk is called in the table of outcomes.
 *
 * @module
 */

import {
  asTransferError,
  isOutOfDescriptors,
  TransferError,
} from "../../base/errors.ts";
import { quote } from "../../base/escape.ts";

/**
 * Runs a disk operation and says which entry it was for when it fails.
 *
 * On abort: as the operation.
 *
 * @typeParam T What the operation returns.
 * @param name The entry's name.
 * @param operation What touches the disk; it is called at once.
 * @returns What the operation returned.
 * @throws {TransferError} `local-io`, unless the operation threw a typed error;
 * `rejected` and retriable when descriptors ran out.
 */
export function typeDiskErrors<T>(
  name: string,
  operation: () => Promise<T>,
): Promise<T> {
  return operation().catch((error) => {
    throw isOutOfDescriptors(error)
      ? new TransferError(
        "rejected",
        {
          doing: `store ${quote(name)}`,
          found: "the receiver is busy, it has too many files open",
        },
        { cause: error, retriable: true },
      )
      : asTransferError(error, "local-io", `store ${quote(name)}`);
  });
}
