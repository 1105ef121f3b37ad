import type { Parameters } from '../../../shared/config/parameters';
import { parseConfiguration } from '../../../shared/config/parse';
import { minimalConfiguration } from '../../builders';

const read = (parameters: Parameters, text = minimalConfiguration) =>
  parseConfiguration(text, 'cordon.yml', parameters);

const faultsOf = (parameters: Parameters, text?: string): readonly string[] => {
  try {
    read(parameters, text);
    return [];
  } catch (error) {
    return (error as { faults: readonly string[] }).faults;
  }
};

const learned = minimalConfiguration.replace(
  /criteria: .*/,
  'criteria: { mlDetectionConfig: { confidenceLevel: HIGH } }',
);
const told = `${minimalConfiguration}notify: { slack: { channel: '#x' }, email: [a@example.com, b@example.com] }\n`;

describe('the parameters of a deploy', () => {
  it('replace what cordon.yml says, and leave the rest of it unchanged', () => {
    const { detector, notify, ...rest } = read({ detector: 'both', email: 'c@example.com' }, told);
    const { detector: _detector, notify: _notify, ...same } = read({}, told);

    expect({ detector, notify }).toEqual({
      detector: 'both',
      notify: { slack: { channel: '#x' }, email: ['c@example.com'] },
    });
    expect(rest).toEqual(same);
  });

  it('also work if cordon.yml says nothing, and one parameter can hold several addresses', () => {
    const { detector, notify } = read({
      detector: 'device-defender',
      email: 'c@example.com, d@example.com',
    });

    expect({ detector, notify }).toEqual({
      detector: 'device-defender',
      notify: { email: ['c@example.com', 'd@example.com'] },
    });
  });

  it('set how long closed cases are kept', () => {
    expect(read({ keepClosed: '31d' }).history).toEqual({ keepClosed: 31 * 86_400_000 });
    expect(
      read({ keepClosed: 'forever' }, `${minimalConfiguration}history: { keepClosed: 90d }\n`).history,
    ).toEqual({
      keepClosed: 'forever',
    });
  });

  it.each([{}, { detector: null, email: null }])('change nothing if they are not given: %j', (parameters) => {
    expect(read(parameters, told)).toEqual(parseConfiguration(told, 'cordon.yml'));
  });

  it('make cordon.yml valid if they name a detector that supports it', () => {
    expect(faultsOf({}, learned)).toEqual([expect.stringContaining('use detector device-defender or both')]);
    expect(faultsOf({ detector: 'device-defender' }, learned)).toEqual([]);
  });

  it.each([
    [
      'a detector there is not',
      { detector: 'detect' },
      undefined,
      /^parameter detector=detect: Invalid option: expected one of "cordon"\|"device-defender"\|"both"$/,
    ],
    [
      'an address that is none',
      { email: 'c@example.com,ops' },
      undefined,
      /^parameter email=c@example\.com,ops: Invalid email address$/,
    ],
    [
      'a time to keep closed cases that is none',
      { keepClosed: 'long' },
      undefined,
      /^parameter keepClosed=long: expected a duration such as 400d, or forever$/,
    ],
    [
      'too short a time to keep closed cases',
      { keepClosed: '7d' },
      undefined,
      /^parameter keepClosed=7d: 7 days is too short: expected at least 30 days, /,
    ],
    [
      'more addresses than Cordon notifies',
      { email: Array.from({ length: 11 }, (_, i) => `a${i}@example.com`).join() },
      undefined,
      /^parameter email=a0@example\.com,.*: Too big: expected array to have <=10 items$/,
    ],
    [
      'what does not suit the detector they name',
      { detector: 'cordon', email: 'c@example.com' },
      `detector: both\n${learned}`,
      /^with detector=cordon and email=c@example\.com: cordon\.yml:11: securityProfiles\..*: only Device Defender detects by machine learning/,
    ],
    [
      'what cordon.yml has wrong itself, as ever',
      { email: 'c@example.com' },
      minimalConfiguration.replace('mode: enforce', 'mode: destroy'),
      /^cordon\.yml:12: playbooks\.0\.mode: /,
    ],
    [
      'a notify that is no mapping, as ever',
      { email: 'c@example.com' },
      `${minimalConfiguration}notify: 3\n`,
      /^cordon\.yml:15: notify: /,
    ],
    ['an empty file, as ever', { detector: 'both' }, '', /^cordon\.yml:1: the file: /],
  ] satisfies [string, Parameters, string | undefined, RegExp][])(
    'are named in an error if they are wrong, and nowhere else: %s',
    (_what, parameters, text, fault) => {
      expect(faultsOf(parameters, text)).toEqual([expect.stringMatching(fault)]);
    },
  );
});
