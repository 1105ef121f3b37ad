import { explainConfiguration } from '../../../shared/config/explain';
import { parseConfiguration } from '../../../shared/config/parse';

const write = (playbook: string, sources = '{ deviceDefender: { audit: true } }') =>
  `sources: ${sources}\nplaybooks:\n  - ${playbook}\n  - { name: rest, mode: observe }\n`;

const faultsOf = (text: string) => {
  try {
    parseConfiguration(text, 'cordon.yml');
    return '';
  } catch (error) {
    return String(error);
  }
};

const check = 'auditCheck: DEVICE_CERTIFICATE_SHARED_CHECK';

describe('a playbook for findings of audits', () => {
  it.each(['replace-policy-version', 'deactivate-certificate'])('may have %s after approval', (action) => {
    const text = write(`{ name: p, when: { ${check} }, mode: approve, actions: [${action}] }`);

    expect(faultsOf(text)).toBe('');
    expect(explainConfiguration(parseConfiguration(text, 'cordon.yml'))).toContain(
      `1. DEVICE_CERTIFICATE_SHARED_CHECK: playbook p, medium: after approval ${action}`,
    );
  });

  it.each([
    [
      'enforces',
      `when: { ${check} }, mode: enforce, actions: [deactivate-certificate]`,
      /mode: a finding of an audit may be months old/,
    ],
    [
      'quarantines',
      `when: { ${check} }, mode: approve, actions: [quarantine]`,
      /actions: quarantine does nothing about/,
    ],
    [
      'quarantines as its escalation',
      `when: { ${check} }, mode: approve, actions: [deactivate-certificate], escalate: { afterContainments: 1, within: 7d, actions: [quarantine] }`,
      /escalate\.actions: quarantine does nothing about/,
    ],
    [
      'releases what is clean',
      `when: { ${check} }, mode: approve, actions: [deactivate-certificate], release: { clearedFor: 30m }`,
      /release: the actions themselves end the finding/,
    ],
    [
      'has a behavior',
      `when: { ${check}, behavior: b }, mode: observe`,
      /when\.behavior: a finding of an audit has none/,
    ],
    [
      'has a severity',
      `when: { ${check}, severity: high }, mode: observe`,
      /when\.severity: a finding of an audit has none/,
    ],
    [
      'names another check',
      'when: { auditCheck: LOGGING_DISABLED_CHECK }, mode: observe',
      /when\.auditCheck/,
    ],
  ])('that %s is refused with the reason', (_, playbook, reason) => {
    expect(faultsOf(write(`{ name: p, ${playbook} }`))).toMatch(reason);
  });

  it('is refused if the file takes no audits', () => {
    const text = write(
      `{ name: p, when: { ${check} }, mode: observe }`,
      '{ deviceDefender: { profiles: existing } }',
    );

    expect(faultsOf(text)).toMatch(/auditCheck: never applies without sources/);
  });

  it('that another one for its check precedes never applies', () => {
    const text = write(
      `{ name: p, when: { ${check} }, mode: observe }\n  - { name: q, when: { ${check} }, mode: observe }`,
    );

    expect(faultsOf(text)).toMatch(/never applies: p above it always matches first/);
  });
});
