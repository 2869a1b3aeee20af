/**
 * What the receiver says of an entry that it has stored.
 *
 * @module
 */

/** Says that an entry was stored; the same on both sides. */
export interface Receipt {
  /** The transfer's id, 32 hexadecimal digits chosen by the sender. */
  id: string;
  /** The name the entry has at the receiver. */
  name: string;
  /** Its length in bytes; 0 for a directory. */
  bytes: number;
  /** The SHA-256 of its content, 64 hexadecimal digits. */
  sha256: string;
  /** Whether it and its name were on stable storage when this was said. */
  durable: boolean;
  /** Whether the same content was there before. */
  existing: boolean;
  /** When it was committed, by the receiver's clock, as ISO 8601. */
  committedAt: string;
}
