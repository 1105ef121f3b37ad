import { type Account, AwsFault, type GivenParameter, type Request, type Stack } from './account';
import { readMembers, writeXml } from './query';

interface ChangeSet {
  readonly request: Request;
  readonly change: ReturnType<Account['check']>;
  readonly stackId: string;
}

/** The calls of CloudFormation that a deploy makes, over its Query protocol. */
export function serveCloudFormation(account: Account) {
  const changeSets = new Map<string, ChangeSet>();
  const keyOf = (form: URLSearchParams) => `${form.get('StackName')}/${form.get('ChangeSetName')}`;

  const readRequest = (form: URLSearchParams, kind: Request['kind']): Request => {
    const body = form.get('TemplateBody');
    const url = form.get('TemplateURL');
    return {
      stackName: form.get('StackName') ?? '',
      kind,
      ...(body !== null && { body }),
      ...(url !== null && { url }),
      parameters: readMembers(form, 'Parameters') as unknown as GivenParameter[],
      importExisting: form.get('ImportExistingResources') === 'true',
      capabilities: readMembers(form, 'Capabilities').map((member) => member[''] ?? ''),
    };
  };

  const describe = ({ name, id, status, parameters, resources, template }: Stack) => ({
    StackName: name,
    StackId: id,
    StackStatus: status,
    CreationTime: '2026-01-01T00:00:00Z',
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    Outputs: Object.keys(template?.Outputs ?? {}).map((OutputKey) => ({
      OutputKey,
      OutputValue: resources.find(({ logicalId }) => logicalId === OutputKey)?.name ?? OutputKey,
    })),
  });

  const actions: Readonly<Record<string, (form: URLSearchParams) => Parameters<typeof writeXml>[0]>> = {
    DescribeStacks: (form) => ({ Stacks: [describe(account.find(form.get('StackName') ?? ''))] }),

    DescribeStackResource: (form) => {
      const stack = account.find(form.get('StackName') ?? '');
      const logicalId = form.get('LogicalResourceId') ?? '';
      const made = stack.resources.find((resource) => resource.logicalId === logicalId);
      if (!made)
        throw new AwsFault('ValidationError', `Resource ${logicalId} does not exist for stack ${stack.name}`);
      return {
        StackResourceDetail: {
          LogicalResourceId: logicalId,
          PhysicalResourceId: made.name,
          ResourceType: made.type,
          ResourceStatus: 'CREATE_COMPLETE',
          LastUpdatedTimestamp: '2026-01-01T00:00:00Z',
        },
      };
    },

    ListStackResources: (form) => ({
      StackResourceSummaries: account
        .find(form.get('StackName') ?? '')
        .resources.map(({ logicalId, name, type }) => ({
          LogicalResourceId: logicalId,
          PhysicalResourceId: name,
          ResourceType: type,
          ResourceStatus: 'CREATE_COMPLETE',
          LastUpdatedTimestamp: '2026-01-01T00:00:00Z',
        })),
    }),

    CreateChangeSet: (form) => {
      const kind = form.get('ChangeSetType') === 'CREATE' ? 'CREATE' : 'UPDATE';
      const request = readRequest(form, kind);
      if (kind === 'UPDATE') account.findUpdatable(request.stackName);
      const change = account.check(request);
      const stack = account.open(request);
      changeSets.set(keyOf(form), { request, change, stackId: stack.id });
      return { Id: `arn:change-set/${form.get('ChangeSetName')}`, StackId: stack.id };
    },

    DescribeChangeSet: (form) => {
      const found = requireChangeSet(changeSets.get(keyOf(form)));
      return {
        ChangeSetName: form.get('ChangeSetName') ?? '',
        StackId: found.stackId,
        StackName: found.request.stackName,
        Status: 'CREATE_COMPLETE',
        ExecutionStatus: 'AVAILABLE',
        Changes: [],
      };
    },

    ExecuteChangeSet: (form) => {
      const { request, change, stackId } = requireChangeSet(changeSets.get(keyOf(form)));
      changeSets.delete(keyOf(form));
      account.execute(account.find(stackId), request.kind, change);
      return {};
    },

    DeleteChangeSet: (form) => {
      changeSets.delete(keyOf(form));
      return {};
    },

    DescribeStackEvents: (form) => {
      const stack = account.find(form.get('StackName') ?? '');
      return {
        StackEvents: stack.events.toReversed().map(({ id, logicalId, type, status, reason }) => ({
          EventId: id,
          StackId: stack.id,
          StackName: stack.name,
          LogicalResourceId: logicalId,
          ResourceType: type,
          ResourceStatus: status,
          ResourceStatusReason: reason,
          Timestamp: '2026-01-01T00:00:00Z',
        })),
      };
    },

    GetTemplate: (form) => ({
      TemplateBody: JSON.stringify(account.find(form.get('StackName') ?? '').template ?? {}),
    }),

    ValidateTemplate: (form) => {
      const { body, url } = readRequest(form, 'CREATE');
      account.validate({ ...(body !== undefined && { body }), ...(url !== undefined && { url }) });
      return {};
    },

    DeleteStack: (form) => {
      account.delete(account.find(form.get('StackName') ?? ''));
      return {};
    },
  };

  return (form: URLSearchParams): string => {
    const action = form.get('Action') ?? '';
    const run = actions[action];
    if (!run) throw new AwsFault('InvalidAction', `this stand-in has no ${action}`);
    return `<${action}Response><${action}Result>${writeXml(run(form))}</${action}Result></${action}Response>`;
  };
}

function requireChangeSet(found: ChangeSet | undefined): ChangeSet {
  if (!found) throw new AwsFault('ChangeSetNotFound', 'ChangeSet does not exist');
  return found;
}
