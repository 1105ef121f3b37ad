import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iotRoutes } from '../../local/aws/iot/control-plane';
import { iotServiceModel } from '../../local/aws/iot/service-model';
import { aRegistry } from '../local/aws/iot/builders';
import { listPages, listSpans, root } from './pages';

const page = listPages().find(({ path }) => path === 'docs/local-stack.md');
const served = iotRoutes(aRegistry()).map(({ operation }) => operation);

/**
 * Served although nothing in this project calls them: people use them to set up a stack, to read Cordon's resources or
 * to break them on purpose.
 */
const mayHaveNoCaller = [
  ...['CreateProvisioningTemplate', 'CreateThingType', 'DeleteTopicRule', 'DescribeJob'],
  ...['DescribeMitigationAction', 'DescribeRoleAlias', 'DescribeThingGroup', 'DisableTopicRule'],
  ...['EnableTopicRule', 'GetTopicRule', 'ListTagsForResource', 'ListThingPrincipalsV2', 'ListTopicRules'],
  ...['UpdateProvisioningTemplate'],
];

/**
 * IoT control plane operations that Cordon, its stack, benches and pages call, and the tests other than those of the
 * stand-in.
 */
function findCalled(): readonly string[] {
  const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.md', '*.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  const texts = files
    .split('\n')
    .filter((path) => path !== '' && !/^(test\/local|test\/docs|local\/aws\/iot)\//.test(path))
    .filter((path) => path !== 'docs/local-stack.md')
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n');
  const words = new Set(texts.match(/[A-Za-z0-9-]+/g));
  return iotServiceModel
    .map(({ name }) => name)
    .filter((name) => [`${name}Command`, `paginate${name}`, toKebab(name)].some((word) => words.has(word)));
}

/** The spelling of the AWS CLI for an operation. */
function toKebab(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}

describe('docs/local-stack.md', () => {
  it('lists the operations of the IoT control plane that the stack serves', () => {
    const [, section = ''] = page?.text.split('### Operations of the IoT control plane\n') ?? [];
    const [list = ''] = section.split('\nAny other operation');

    expect(listSpans({ path: '', text: list }).toSorted()).toEqual(served.toSorted());
  });
});

describe('the IoT control plane of the local stack', () => {
  const called = findCalled();

  it('serves each operation that something calls', () => {
    expect(called.length).toBeGreaterThan(40);
    expect(called.filter((name) => !served.includes(name))).toEqual([]);
  });

  it('serves nothing else but the operations that are listed with a reason', () => {
    const known = [...called, ...mayHaveNoCaller];

    expect(served.filter((name) => !known.includes(name))).toEqual([]);
  });
});
