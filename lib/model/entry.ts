/**
 * What is sent and stored: a file or a directory, and what is known of it.
 *
 * @module
 */

/** What is known of an entry before its bytes. */
export interface Entry {
  /** A file has bytes; a directory has none. */
  kind: "file" | "directory";
  /** A relative path with `/` between its parts, as the peer gave it. */
  name: string;
  /** Length in bytes, where the sender could know it. */
  size?: number;
  /** Modification time in milliseconds since 1970, where known. */
  mtime?: number;
  /** Permission bits, where they are to be kept. */
  mode?: number;
}
