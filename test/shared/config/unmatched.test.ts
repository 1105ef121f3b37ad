import { parseConfiguration } from '../../../shared/config/parse';
import { minimalConfiguration } from '../../builders';

/** Values that can never match anything, or would match everything. */

const faultOf = (text: string): string => {
  try {
    parseConfiguration(text, 'cordon.yml');
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
};

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of cordon.yml and of IoT policies.
describe('a kept topic', () => {
  const keeping = (topic: string) =>
    faultOf(`${minimalConfiguration}quarantine:\n  keepTopics:\n    - '${topic}'\n`);

  it.each([
    ['a wildcard for one character', 'jobs/?', /a \? would match any character/],
    ['a variable of IoT policies', '$aws/things/${iot:ClientId}/*', /the only placeholder is \$\{thing\}/],
    ['the placeholder in another case', '$aws/things/${Thing}/*', /the only placeholder is \$\{thing\}/],
    ['a placeholder without $', 'app/{thing}/*', /the only placeholder is \$\{thing\}/],
    ['a placeholder without {', 'app/$thing/*', /the only placeholder is \$\{thing\}/],
    ['a placeholder cut short', 'app/${thing/*', /the only placeholder is \$\{thing\}/],
    ['a topic with $ that is not of AWS', '$share/${thing}/*', /the only placeholder is \$\{thing\}/],
    ['the topics of all things', '$aws/things/*', /it would allow \$aws\/things\/\*/],
    ['all topics of AWS', '$aws/*', /it would allow \$aws\/things\/\*/],
    ['every rule by Basic Ingest', '$aws/rules/*', /such as \$aws\/rules\/RULE\//],
    ['all topics of Cordon', 'cordon/*', /it would allow cordon\/things\/\*/],
    ['every thing of Cordon', 'cordon/things/*', /it would allow cordon\/things\/\*/],
    ['everything', '*', /expected a topic, \* only as its last level/],
    ['everything below the first level', '+/*', /expected a topic/],
    ['all of MQTT', '#', /expected a topic/],
    ['a wildcard within', 'app/*/x', /expected a topic/],
    ['a wildcard that is no whole level', 'app/x*', /expected a topic/],
    ['an empty level', 'app//x', /an empty level/],
    ['more levels than AWS takes', 'a/b/c/d/e/f/g/h/i', /8 levels/],
    ['more bytes than AWS takes', 'x'.repeat(257), /256 bytes/],
  ])('is refused if it is %s', (_, topic, fault) => {
    expect(keeping(topic)).toMatch(fault);
    expect(keeping(topic)).toMatch(/^cordon\.yml:17: quarantine\.keepTopics\.0: /);
  });

  it.each([
    '$aws/things/${thing}/shadow/*',
    '$aws/rules/cordon_dev_reports/cordon/things/${thing}/*',
    'dev-${thing}/x',
    'fleet/status',
  ])('is accepted as %s', (topic) => {
    expect(keeping(topic)).toBe('none');
  });
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: end of the placeholders.

describe('an exempt attribute', () => {
  const exempting = (attribute: string) =>
    faultOf(minimalConfiguration.replace("{ critical: 'true' }", attribute));

  it.each([
    ["{ 'a b': x }", 'no attribute is called so'],
    ["{ '': x }", 'no attribute is called so'],
    [`{ ${'x'.repeat(129)}: x }`, 'no attribute is called so'],
    ["{ critical: 'really true' }", 'no attribute has this value'],
    ["{ critical: '' }", 'no attribute has this value'],
    ["{ critical: 'ja!' }", 'no attribute has this value'],
    [`{ critical: ${'x'.repeat(801)} }`, 'no attribute has this value'],
  ])('is refused if AWS cannot store it: %s', (attribute, fault) => {
    expect(exempting(attribute)).toMatch(/^cordon\.yml:14: guards\.exempt\.1\.attribute/);
    expect(exempting(attribute)).toContain(fault);
  });

  it.each(["{ 'site/a.b,c@d:e#f-1': '[x=y]' }", '{ Critical: true-ish }'])(
    'is accepted as %s',
    (attribute) => {
      expect(exempting(attribute)).toBe('none');
    },
  );
});
