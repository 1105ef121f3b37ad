import { parseConfiguration } from '../../../shared/config/parse';
import { findWarnings } from '../../../shared/config/warnings';
import { aConfiguration, minimalConfiguration } from '../../builders';

const warningsOf = (email: string[], slack?: { channel: string }) =>
  findWarnings(aConfiguration({ notify: { email, ...(slack && { slack }) } }));

describe('the warnings about a cordon.yml', () => {
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
      `${address} is a placeholder, so nobody receives mail: set notify.email, or --param="email=YOU@YOUR-DOMAIN"`,
    ]);
  });

  it.each(['soc@factory.io', 'soc@myexample.com', 'example.com@factory.io', 'test@factory.io'])(
    'accept %s',
    (address) => {
      expect(warningsOf([address])).toEqual([]);
    },
  );

  it('say who receives what if there is no address', () => {
    expect(warningsOf([])).toEqual([
      'no e-mail address: nobody receives announcements and alarms: set notify.email, or --param="email=YOU@YOUR-DOMAIN"',
    ]);
    expect(warningsOf([], { channel: '#x' })).toEqual([
      'no e-mail address: cases appear only in Slack, and nobody receives alarms: set notify.email, or --param="email=YOU@YOUR-DOMAIN"',
    ]);
  });

  const told = `${minimalConfiguration}notify: { email: [soc@factory.io] }\n`;

  it.each([
    [
      'groups',
      told.replace('[all/registered-things]', '[thinggroup/Life-Support]'),
      'thing group life-support and Life-Support differ only in case, which AWS distinguishes: check the spelling',
    ],
    [
      'attribute names',
      told.replace('severity: critical', "when: { attribute: { Critical: 'x' } }, severity: critical"),
      'attribute critical and Critical differ only in case, which AWS distinguishes: check the spelling',
    ],
    [
      'attribute values',
      told.replace('severity: critical', "when: { attribute: { critical: 'True' } }, severity: critical"),
      'attribute critical=true and critical=True differ only in case, which AWS distinguishes: check the spelling',
    ],
  ])('name %s that differ only in case', (what, text, warning) => {
    const watched = text.replace('guards:', '  - { name: else, mode: observe }\nguards:');

    expect(findWarnings(parseConfiguration(what === 'groups' ? text : watched, 'cordon.yml'))).toEqual([
      warning,
    ]);
  });

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: the placeholder of cordon.yml.
  it('name kept topics that are not specific to one thing', () => {
    const text = `${told}${"quarantine: { keepTopics: ['fleet/status', 'app/${thing}/*'] }"}\n`;

    expect(findWarnings(parseConfiguration(text, 'cordon.yml'))).toEqual([
      'every contained thing may use fleet/status: if each thing has its own, write ${thing} into it',
    ]);
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the placeholders.
});
