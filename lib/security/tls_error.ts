/**
 * Why a TLS handshake failed, in plainer words than the TLS stack's own.
 *
 * @module
 */

import { reasonOf, TransferError } from "../base/errors.ts";
import { ALPN } from "../wire/preface.ts";
import { clockSays } from "./certificate.ts";

/** What is found where the peer's ALPN is not this program's. */
export const OTHER_PROTOCOL = `the peer does not speak ${ALPN} inside TLS`;

/**
 * Says why a TLS handshake failed.
 *
 * @param cause What the runtime threw.
 * @param advice What a person can do where no trusted authority has signed the
 * certificate.
 * @returns `auth` for a certificate that is not trusted, `protocol` for a peer
 * that speaks another protocol, `lost` where the connection broke.
 */
export function tlsError(cause: unknown, advice?: string): TransferError {
  if (cause instanceof TransferError) return cause;
  const found = reasonOf(cause);
  const lost = cause instanceof Deno.errors.UnexpectedEof ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.Interrupted ||
    cause instanceof Deno.errors.BadResource ||
    /ECONNRESET|EPIPE/.test((cause as { code?: string }).code ?? "");
  const other = otherProtocol(found);
  return new TransferError(
    lost ? "lost" : other ? "protocol" : "auth",
    { doing: "set up TLS", found: other ?? explain(found, advice) },
    { cause },
  );
}

/** Which protocol mismatch it is, if it is one. */
function otherProtocol(found: string): string | undefined {
  if (/corrupt message|InvalidContentType|wrong version number/.test(found)) {
    return "the peer does not speak TLS";
  }
  const alert = /NoApplicationProtocol|any known protocol/.test(found);
  if (alert || found === OTHER_PROTOCOL) return OTHER_PROTOCOL;
}

function explain(found: string, advice?: string): string {
  if (/expired|not valid yet/i.test(found)) return `${found}; ${clockSays()}`;
  if (/alert: (UnknownCA|DecryptError|.*Certificate)/.test(found)) {
    return `the other side does not trust the certificate (${found})`;
  }
  if (/UnknownIssuer|self-signed|verify/i.test(found)) {
    return "the certificate is not signed by an authority that is trusted here" +
      (advice ? ` (${advice})` : "") +
      `, or is not valid now (${found}); ${clockSays()}`;
  }
  if (/BadSignature|BadEncoding/.test(found)) {
    return `the certificate is not the one that the key gives (${found}), so ` +
      "somebody may be in between";
  }
  return found;
}
