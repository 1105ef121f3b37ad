import { writeMessaging } from '../../../infra/template/messaging';
import { parseConfiguration } from '../../../shared/config/parse';
import { minimalConfiguration } from '../../builders';

/** Logical ids of the subscriptions of each address. */
function idsOf(addresses: readonly string[]) {
  const configuration = parseConfiguration(
    `${minimalConfiguration}notify: { email: [${addresses.join(', ')}] }\n`,
    'cordon.yml',
  );
  const written = Object.entries(writeMessaging('cordon-dev', configuration));
  return addresses.map((address) =>
    written.flatMap(([id, { Properties }]) => (Properties.Endpoint === address ? [id] : [])),
  );
}

/** The filter of the subscription to announcements. */
function filterOf(notify: string): unknown {
  const configuration = parseConfiguration(`${minimalConfiguration}notify: { ${notify} }\n`, 'cordon.yml');
  return Object.values(writeMessaging('cordon-dev', configuration)).flatMap(({ Properties }) =>
    Properties.Protocol === 'email' && Properties.FilterPolicy ? [Properties.FilterPolicy] : [],
  );
}

describe('the mail of an address', () => {
  it('is every announcement for people, or those that routes take to it', () => {
    expect(filterOf('email: [a@corp.org]')).toEqual([{ audience: ['people'] }]);
    expect(filterOf('email: [a@corp.org], routes: [{ to: [email] }]')).toEqual([
      { audience: ['people'], mail: ['true', { exists: false }] },
    ]);
  });
});

describe('the subscriptions of an address', () => {
  it('keep their names when another address goes or comes, or SNS would have one of them deleted', () => {
    const [, second] = idsOf(['a@corp.org', 'b@corp.org']);

    expect(second).toHaveLength(2);
    expect(idsOf(['b@corp.org'])).toEqual([second]);
    expect(idsOf(['c@corp.org', 'b@corp.org'])[1]).toEqual(second);
  });

  it.each(['a@corp.org, a@corp.org', 'a@corp.org, A@Corp.org'])('are made once: %s is refused', (listed) => {
    expect(() => idsOf(listed.split(', '))).toThrow('notify.email.1: this address is already in the list');
  });
});
