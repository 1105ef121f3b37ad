import { describeError } from '../../agent/describe-error';

const failed = (message: string, code?: string) => Object.assign(new Error(message), code && { code });

describe('an error in one line', () => {
  it.each([
    ['a text', failed('closed'), 'closed'],
    ['a code that the text lacks', failed('no answer', 'ETIMEDOUT'), 'no answer (ETIMEDOUT)'],
    [
      'a code that the text has',
      failed('connect ECONNREFUSED ::1', 'ECONNREFUSED'),
      'connect ECONNREFUSED ::1',
    ],
    ['lines', failed('one\r\ntwo\u0007'), 'one two '],
    [
      'a certificate of the broker that has expired, which is not the device’s',
      failed('certificate has expired', 'CERT_HAS_EXPIRED'),
      "the broker's certificate: certificate has expired (CERT_HAS_EXPIRED)",
    ],
    [
      'a certificate of the broker by an unknown authority',
      failed('self-signed certificate in certificate chain', 'SELF_SIGNED_CERT_IN_CHAIN'),
      "the broker's certificate: self-signed certificate in certificate chain (SELF_SIGNED_CERT_IN_CHAIN)",
    ],
    [
      'a refusal of the device’s certificate by the broker',
      failed('ssl alert certificate expired', 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'),
      'ssl alert certificate expired (ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED)',
    ],
  ])('has %s', (_, error, line) => {
    expect(describeError(error)).toBe(line);
  });

  it('has the parts of a connect to several addresses', () => {
    const error = new AggregateError([
      failed('connect ECONNREFUSED ::1'),
      failed('connect ECONNREFUSED 127.0.0.1'),
    ]);

    expect(describeError(error)).toBe(
      'Error: connect ECONNREFUSED ::1; Error: connect ECONNREFUSED 127.0.0.1',
    );
  });
});
