import fc from 'fast-check';
import { describeMeasured, nameCheck, nameFinding } from '../../../../shared/domain/messages/describe-value';

const atMost = (value: object) => JSON.stringify({ comparisonOperator: 'less-than-equals', value });

describe('what was measured, in words', () => {
  it.each([
    [
      'a custom metric with a display name',
      { metric: 'num_child_procs_myapp', value: { number: 1 }, criteria: atMost({ number: 0 }) },
      'Number of child processes of myapp',
      '1 child process of myapp; at most 0 is normal',
    ],
    [
      'a count of children without a display name',
      { metric: 'num_child_procs_myapp', value: { number: 3 }, criteria: atMost({ number: 0 }) },
      undefined,
      '3 child processes of myapp; at most 0 is normal',
    ],
    [
      'a display name that counts nothing',
      { metric: 'temperature', value: { number: 81.5 }, criteria: atMost({ number: 70 }) },
      'Temperature of the board',
      'Temperature of the board is 81.5; at most 70 is normal',
    ],
    [
      'a count of AWS',
      { metric: 'aws:num-established-tcp-connections', value: { count: 1 }, criteria: atMost({ count: 0 }) },
      undefined,
      '1 established tcp connection; at most 0 is normal',
    ],
    [
      'a sum of AWS',
      { metric: 'aws:all-bytes-out', value: { count: 1 }, criteria: atMost({ count: 0 }) },
      undefined,
      '1 byte out; at most 0 is normal',
    ],
    [
      'a duration',
      { metric: 'aws:disconnect-duration', value: { count: 35 }, criteria: atMost({ count: 30 }) },
      undefined,
      '35 minutes without a connection; at most 30 is normal',
    ],
    [
      'ports',
      {
        metric: 'aws:listening-tcp-ports',
        value: { ports: [22, 4444] },
        criteria: JSON.stringify({ comparisonOperator: 'in-port-set', value: { ports: [22] } }),
      },
      undefined,
      'listening tcp ports: 22, 4444; nothing but the ports 22 is normal',
    ],
    [
      'a size',
      { metric: 'aws:message-byte-size', value: { count: 131_072 }, criteria: atMost({ count: 9999 }) },
      undefined,
      '131,072 bytes in a message; at most 9999 is normal',
    ],
    [
      'reports that stay out',
      { metric: 'cordon:missed-reports', value: { count: 1 } },
      undefined,
      '1 missed report',
    ],
    [
      'a set that nothing may be of',
      {
        metric: 'names',
        value: { strings: ['evil'] },
        criteria: JSON.stringify({ comparisonOperator: 'not-in-set', value: { strings: ['evil', 'bad'] } }),
      },
      undefined,
      'names: evil; anything but evil, bad is normal',
    ],
    [
      'more than people read',
      { metric: 'names', value: { strings: Array.from({ length: 12 }, (_, index) => `n${index}`) } },
      undefined,
      'names: n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more',
    ],
    [
      'a percentile of the fleet',
      {
        metric: 'aws:all-packets-in',
        value: { count: 900 },
        criteria: JSON.stringify({
          comparisonOperator: 'less-than-equals',
          statisticalThreshold: { statistic: 'p99' },
        }),
      },
      undefined,
      '900 packets in; at most p99 of the fleet is normal',
    ],
    [
      'what a model has learned',
      {
        metric: 'aws:num-disconnects',
        value: { count: 1 },
        criteria: JSON.stringify({ mlDetectionConfig: { confidenceLevel: 'HIGH' } }),
      },
      undefined,
      '1 disconnect; what Device Defender has learned is normal',
    ],
    ['an invalidated alarm', { metric: 'aws:num-disconnects' }, undefined, 'disconnects: no value'],
    [
      'criteria that were cut',
      { metric: 'cordon:spool-depth', value: { count: 2 }, criteria: '{"value":{"co…' },
      undefined,
      'spool depth is 2',
    ],
  ])('is plain for %s', (_, measured, displayName, words) => {
    expect(describeMeasured(measured, displayName)).toBe(words);
  });

  it('is text for any content of an alert', () => {
    fc.assert(
      fc.property(fc.string(), fc.json(), fc.json(), (metric, value, criteria) => {
        const measured = { metric, value: JSON.parse(value) ?? undefined, criteria };
        expect(typeof describeMeasured(measured)).toBe('string');
      }),
      {
        examples: [
          ['', '{"":{"toString":false}}', 'null'],
          ['', 'null', '{"comparisonOperator":{"toString":false},"value":{"":1}}'],
          ['', 'null', '{"statisticalThreshold":{"statistic":{"toString":false}}}'],
        ],
      },
    );
  });
});

describe('what identifies a finding, for people,', () => {
  const id = '2be077a1'.padEnd(64, '0');

  it.each([
    ['myapp-processes/no-child-processes', 'myapp-processes/no-child-processes'],
    [
      `audit finding/DEVICE_CERTIFICATE_SHARED_CHECK/${id}`,
      'audit finding/DEVICE_CERTIFICATE_SHARED_CHECK/2be077a1',
    ],
    [`DEVICE_CERTIFICATE_SHARED_CHECK/${id}`, 'DEVICE_CERTIFICATE_SHARED_CHECK/2be077a1'],
    [
      'audit finding/IOT_POLICY_OVERLY_PERMISSIVE_CHECK/device',
      'audit finding/IOT_POLICY_OVERLY_PERMISSIVE_CHECK/device',
    ],
    ['external finding/siem/https://siem.example/f-1', 'external finding/siem/https://siem.example/f-1'],
    [`${id}0`, `${id}0`],
  ])('has as many digits of a certificate as elsewhere: %s', (key, name) => {
    expect(nameFinding(key)).toBe(name);
  });
});

describe('the name of a check', () => {
  it.each([
    ['DEVICE_CERTIFICATE_SHARED_CHECK', 'device certificate shared'],
    ['IOT_POLICY_OVERLY_PERMISSIVE_CHECK', 'IoT policy overly permissive'],
    ['REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK', 'revoked CA certificate still active'],
    ['AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK', 'authenticated Cognito role overly permissive'],
  ])('keeps the capitals of proper names: %s', (check, name) => {
    expect(nameCheck(check)).toBe(name);
  });
});
