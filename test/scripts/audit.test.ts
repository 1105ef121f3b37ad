import { judgeAudit } from '../../scripts/audit.mjs';

const bom = { components: [{ name: 'osls' }, { name: '@aws-sdk/client-sns' }] };
const vulnerability = (name: string) => ({ name, severity: 'high', range: '<2.0.0' });

describe('the audit of a release', () => {
  it.each([
    [
      '{"message":"405 Method Not Allowed - POST https://registry/audit","statusCode":405}',
      '405 Method Not Allowed',
    ],
    ['{"error":{"code":"ENOLOCK","summary":"no lock file"}}', 'no lock file'],
    ['<html>', 'npm audit printed no JSON: <html>'],
    ['{}', 'npm audit gave no answer'],
  ])('says that nobody checked if the registry answers %s', (answer, why) => {
    const { checked, vulnerable, lines } = judgeAudit(answer, bom);

    expect([checked, vulnerable]).toEqual([false, undefined]);
    expect(lines[0]).toContain(`NOT CHECKED for known vulnerabilities: ${why}`);
    expect(lines[1]).toContain('to a scanner');
  });

  it('fails for a package that ships, and only counts the tools of the checkout', () => {
    const vulnerabilities = { osls: vulnerability('osls'), jest: vulnerability('jest') };

    expect(judgeAudit(JSON.stringify({ vulnerabilities }), bom)).toEqual({
      checked: true,
      vulnerable: true,
      lines: [
        'VULNERABLE: osls <2.0.0 (high) ships in the package',
        '1 others of the checkout have known vulnerabilities; they do not ship',
      ],
    });
  });

  it('is clean if nothing that ships is known to be vulnerable', () => {
    expect(judgeAudit('{"vulnerabilities":{}}', bom)).toEqual({
      checked: true,
      vulnerable: false,
      lines: ['npm audit: nothing known of the 2 packages that ship'],
    });
  });
});
