import { findWarnings } from '../../../shared/config/warnings';
import { aConfiguration } from '../../builders';

const warningsOf = (email: string[], slack?: { channel: string }) =>
  findWarnings(aConfiguration({ notify: { email, ...(slack && { slack }) } }));

describe('warnings of a cordon.yml', () => {
  it.each([
    'soc@example.com',
    'soc@EXAMPLE.org',
    'soc@mail.example.net',
    'soc@corp.example',
    'soc@corp.test',
    'soc@corp.invalid',
    'soc@mail.localhost',
  ])('call %s a placeholder, and say what to set', (address) => {
    expect(warningsOf([address])).toEqual([
      `${address} is a placeholder, which reaches nobody: set notify.email, or --param="email=YOU@YOUR-DOMAIN"`,
    ]);
  });

  it.each(['soc@factory.io', 'soc@myexample.com', 'example.com@factory.io', 'test@factory.io'])(
    'have nothing against %s',
    (address) => {
      expect(warningsOf([address])).toEqual([]);
    },
  );

  it('say who is told of what where there is no address', () => {
    expect(warningsOf([])).toEqual([
      'no e-mail address: nobody is told of cases and alarms: set notify.email, or --param="email=YOU@YOUR-DOMAIN"',
    ]);
    expect(warningsOf([], { channel: '#x' })).toEqual([
      'no e-mail address: cases are told in Slack only, and alarms reach nobody: set notify.email, or --param="email=YOU@YOUR-DOMAIN"',
    ]);
  });
});
