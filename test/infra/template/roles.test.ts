import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toPascalCase } from '../../../functions/notify/channels/names';
import { listChannels } from '../../../functions/notify/channels/registry';
import { writeIot } from '../../../infra/template/iot';
import { writeMessaging } from '../../../infra/template/messaging';
import { listFunctions, writeRoles } from '../../../infra/template/roles';
import { parseConfiguration } from '../../../shared/config/parse';
import { actionNames } from '../../../shared/domain/actions/registry';
import { listActionsOf } from '../../../shared/domain/guards/choose-actions';
import { minimalConfiguration } from '../../builders';
import { resourceTypes, shapes } from './iam-actions';
import { ofType, type Resource, template } from './template';

type Resources = Readonly<Record<string, unknown>>;

const everything = join(import.meta.dirname, 'everything.yml');
const parsed = parseConfiguration(readFileSync(everything, 'utf8'), everything);
const configuration = {
  ...parsed,
  playbooks: parsed.playbooks.map((playbook) => ({ ...playbook, actions: actionNames })),
};
const prefix = 'cordon-dev';
const functions = listFunctions(configuration).map(
  (name) => [`${toPascalCase(name)}LambdaFunction`, { Type: 'AWS::Lambda::Function' }] as const,
);
const largest: Resources = {
  ...template.Resources,
  ...Object.fromEntries(functions),
  ...writeMessaging(prefix, configuration),
  ...writeIot(prefix, configuration),
  ...writeRoles(prefix, configuration),
};

interface Right {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
}

/** Each action on each resource that a role allows, whatever the conditions of the template. */
function listRights(resources: Resources): Right[] {
  return Object.entries(resources as Readonly<Record<string, Resource>>)
    .filter(([, { Type }]) => Type === 'AWS::IAM::Role')
    .flatMap(([role, { Properties }]) => {
      const policies = Properties.Policies as { PolicyDocument: { Statement: unknown[] } }[];
      const statements = policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement.flatMap(branches));
      return statements.flatMap(({ Action, Resource }) =>
        [Action]
          .flat()
          .flatMap((action) =>
            [Resource]
              .flat()
              .flatMap((resource) =>
                texts(resource, resources).map((text) => ({ role, action: String(action), resource: text })),
              ),
          ),
      );
    });
}

function branches(statement: unknown): Record<string, unknown>[] {
  const { 'Fn::If': either, Ref, ...rest } = statement as Record<string, unknown>;
  if (Array.isArray(either)) return either.slice(1).flatMap(branches);
  return Ref === 'AWS::NoValue' ? [] : [rest];
}

/**
 * All texts that a value can become. A reference that CloudFormation resolves is the type of the resource in brackets.
 */
function texts(value: unknown, resources: Resources): string[] {
  if (typeof value === 'string') return [value];
  const [[name, inner] = []] = Object.entries(value as object);
  if (name === 'Fn::If') return inner.slice(1).flatMap((branch: unknown) => texts(branch, resources));
  if (name === 'Fn::Join')
    return inner[1].reduce(
      (all: string[], part: unknown) =>
        all.flatMap((before) => texts(part, resources).map((text) => before + text)),
      [''],
    );
  const id = String([inner].flat()[0]);
  return [`<${(resources[id] as Resource | undefined)?.Type ?? id}>`];
}

describe('the largest configuration', () => {
  it('names every channel and every mitigation action, so that these tests and those of the packages leave none out', () => {
    const channels = listChannels().map(({ name }) => name);
    const named = new Set(parsed.playbooks.flatMap(listActionsOf));

    expect(channels.filter((name) => parsed.notify[name] === undefined)).toEqual([]);
    expect(actionNames.filter((name) => !named.has(name))).toEqual([]);
  });
});

const sizes = [
  ['of the packaged template', template.Resources],
  ['of the largest configuration', largest],
] as const;

/** Resource types that a call need not name: asked for all of them, it is allowed on `*` only. */
const unnamed = ['iot:ListActiveViolations', 'iot:StartDetectMitigationActionsTask'];

describe.each(sizes)('the roles %s', (_what, resources) => {
  const rights = listRights(resources);

  it('allow no action by a wildcard, and none whose resource types are not known here', () => {
    expect(rights.filter(({ action }) => !Object.hasOwn(resourceTypes, action))).toEqual([]);
  });

  it('name a resource of the right type wherever IAM knows one', () => {
    const wrong = rights.filter(({ action, resource }) => {
      const types = resourceTypes[action] ?? [];
      if (types.length === 0 || unnamed.includes(action)) return resource !== '*';
      return !types.some((type) => shapes[type]?.test(resource));
    });

    expect(wrong).toEqual([]);
    expect(rights.length).toBeGreaterThan(80);
  });

  it('trust one service each, and those that act for others for this account only', () => {
    for (const [id, { Properties }] of Object.entries(resources as Readonly<Record<string, Resource>>).filter(
      ([, { Type }]) => Type === 'AWS::IAM::Role',
    )) {
      const [statement, ...others] = (Properties.AssumeRolePolicyDocument as { Statement: Right[] })
        .Statement;
      const isFunction = Object.hasOwn(resources, id.replace(/Role$/, 'LambdaFunction'));
      expect(others).toEqual([]);
      expect([id, statement]).toMatchObject([
        id,
        isFunction
          ? { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
          : {
              Principal: { Service: 'iot.amazonaws.com' },
              Condition: {
                StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
                ArnLike: { 'aws:SourceArn': expect.anything() },
              },
            },
      ]);
    }
  });
});

it('the sweep may read the lists of cases and storms, and publish announcements, only if it writes digests or storms', () => {
  const rightsWith = (notify: string) => {
    const given = parseConfiguration(`${minimalConfiguration}notify: { ${notify} }\n`, 'cordon.yml');
    const { SweepRole } = writeRoles(prefix, given);
    return listRights({ ...template.Resources, SweepRole })
      .filter(({ role, action }) => role === 'SweepRole' && /PutItem|Query|Publish/.test(action))
      .map(({ action, resource }) => `${action} ${resource}`)
      .toSorted();
  };
  const both = rightsWith('');
  const neither = ['dynamodb:Query <AWS::DynamoDB::Table>/index/byDue', 'sns:Publish <AWS::SNS::Topic>'];
  const listed = [
    'dynamodb:PutItem <AWS::DynamoDB::Table>',
    'dynamodb:Query <AWS::DynamoDB::Table>/index/caseList',
  ];
  const announced = 'sns:Publish <AWS::SNS::Topic>';
  const storms = 'dynamodb:Query <AWS::DynamoDB::Table>';

  expect(rightsWith('digest: off, storm: off')).toEqual(neither);
  expect(rightsWith('storm: off')).toEqual([...neither, ...listed, announced].toSorted());
  expect(rightsWith('digest: off')).toEqual([...neither, ...listed, announced, storms].toSorted());
  expect(both).toEqual(rightsWith('digest: off'));
});

it('every function has a role that no other has', () => {
  const roles = ofType('AWS::Lambda::Function').map(([id, { Properties }]) => [id, Properties.Role]);

  expect(roles).toEqual(
    roles.map(([id]) => [id, { 'Fn::GetAtt': [String(id).replace(/LambdaFunction$/, 'Role'), 'Arn'] }]),
  );
});

it('the table of resource types has no action that no role has', () => {
  const had = new Set(listRights(largest).map(({ action }) => action));

  expect(Object.keys(resourceTypes).filter((action) => !had.has(action))).toEqual([]);
});
