/** Codes with which OpenSSL refuses the peer's certificate (Node's documentation, "X509 certificate error codes"). */
const ofPeerCertificate =
  /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|INVALID_PURPOSE$|ERROR_IN_CERT_)/;

/** An error as one line, with its code if the text lacks it, and whose certificate it is about. */
export function describeError(error: Error): string {
  const code = (error as NodeJS.ErrnoException).code;
  // A failed connect to several addresses carries its text in its parts.
  const message =
    error.message || (error instanceof AggregateError ? error.errors.map(String).join('; ') : error.name);
  const whole = code !== undefined && !message.includes(String(code)) ? `${message} (${code})` : message;
  const about = ofPeerCertificate.test(String(code)) ? "the broker's certificate: " : '';
  return `${about}${whole}`.replace(/\p{Cc}+/gu, ' ');
}
