import { writeTags } from '../../../infra/template/tags';
import { ConfigurationError } from '../../../shared/config/parse';

const own = { service: 'cordon', stage: 'dev' };

/** What is said of tags that are refused. */
function faultsOf(tags: string): readonly string[] {
  try {
    writeTags('dev', tags);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

it.each([undefined, null, ''])('without the parameter (%j), there are the tags of Cordon', (given) => {
  expect(writeTags('dev', given)).toEqual(own);
});

it('tags are read up to the first equals sign, with spaces around a comma', () => {
  expect(writeTags('dev', 'team=security, Cost Center=12/34,query=a=b@c:d,empty=')).toEqual({
    ...own,
    team: 'security',
    'Cost Center': '12/34',
    query: 'a=b@c:d',
    empty: '',
  });
});

it.each([
  ['=security', '', 'expected KEY=VALUE'],
  ['team=a,,cost=b', '', 'expected KEY=VALUE'],
  ['aws:team=x', 'aws:team', 'expected KEY=VALUE'],
  ['AWS:team=x', 'AWS:team', 'expected KEY=VALUE'],
  ['te\u0000am=x', 'te\u0000am', 'expected KEY=VALUE'],
  [`${'k'.repeat(129)}=x`, 'k'.repeat(129), 'of up to 128 letters'],
  [`team=${'v'.repeat(257)}`, 'team', 'more than 256 characters'],
  ['team=a;b', 'team', 'others than letters'],
  ['team=a,Team=b', 'Team', 'is given more than once'],
  ['Stage=prod', 'Stage', 'Cordon sets this tag itself'],
  ['service=other', 'service', 'Cordon sets this tag itself'],
])('the tags %j are refused by the key %j', (tags, key, reason) => {
  expect(faultsOf(tags)).toEqual([expect.stringContaining(`parameter tags: ${JSON.stringify(key)}`)]);
  expect(faultsOf(tags)[0]).toContain(reason);
});

it('more than 50 tags with those of Cordon are refused', () => {
  const tags = (count: number) => Array.from({ length: count }, (_, index) => `k${index}=v`).join(',');

  expect(faultsOf(tags(48))).toEqual([]);
  expect(faultsOf(tags(49))).toEqual([
    'parameter tags: 49 tags, and Cordon sets 2; a resource has at most 50: leave out 1',
  ]);
});
