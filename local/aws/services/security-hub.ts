import type { ApiRequest, ApiResponse, AwsIdentity, ServiceHandler } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import { isRecord, parseJsonObject } from '../wire/json';
import { type Finding, finding, workflowUpdate } from './asff';

export interface LocalSecurityHub {
  readonly handler: ServiceHandler;
  /** The findings as people see them in the console. */
  findings(): readonly Finding[];
  /** An account that has not turned Security Hub CSPM on refuses findings. */
  enable(isOn: boolean): void;
}

type Failed = readonly [code: string, message: string];

const findingMax = 240 * 1_024;
const mostFindings = 100;

/** Security Hub CSPM: import and workflow of findings, and what it refuses of them. */
export function createSecurityHub({ partition, region, accountId }: AwsIdentity): LocalSecurityHub {
  const known = new Map<string, Finding>();
  let isEnabled = true;
  const arn = (rest: string) => `arn:${partition}:securityhub:${region}:${accountId}:${rest}`;
  const ownProduct = arn(`product/${accountId}/default`);

  function importOne(given: unknown): Failed | undefined {
    const { success, data, error } = finding.safeParse(given);
    if (!success) {
      const [issue] = error.issues;
      const where = ['data', ...(issue?.path ?? [])].join('.');
      return [
        'InvalidInput',
        `Finding does not adhere to Amazon Finding Format. ${where} ${issue?.message ?? 'is wrong'}`,
      ];
    }
    if (Buffer.byteLength(JSON.stringify(given)) > findingMax)
      return ['InvalidInput', 'Finding size exceeded 240 KB'];
    if (data.ProductArn !== ownProduct || data.AwsAccountId !== accountId)
      return ['InvalidAccess', `Account ${accountId} may not import findings for ${data.ProductArn}`];
    const before = known.get(data.Id);
    // An update that is not later is ignored, and counts as a success.
    if (!before || Date.parse(data.UpdatedAt) > Date.parse(before.UpdatedAt))
      known.set(data.Id, merge(before, data));
    return undefined;
  }

  function importFindings(request: ApiRequest): ApiResponse {
    const { Findings } = parseJsonObject(request.body) ?? {};
    if (!Array.isArray(Findings) || Findings.length < 1 || Findings.length > mostFindings)
      return invalid(request, 'Findings', `expected 1 to ${mostFindings}`);
    const FailedFindings = Findings.flatMap((one: unknown) => {
      const failed = importOne(one);
      if (!failed) return [];
      const Id = isRecord(one) ? String(one.Id) : '';
      return [{ Id, ErrorCode: failed[0], ErrorMessage: failed[1] }];
    });
    const FailedCount = FailedFindings.length;
    return reply({ FailedCount, SuccessCount: Findings.length - FailedCount, FailedFindings });
  }

  function updateFindings(request: ApiRequest): ApiResponse {
    const { success, data, error } = workflowUpdate.safeParse(parseJsonObject(request.body));
    if (!success) {
      const [issue] = error.issues;
      return invalid(request, issue?.path.join('.') ?? '', issue?.message ?? '');
    }
    const seen = new Set<string>();
    const unprocessed = data.FindingIdentifiers.flatMap((FindingIdentifier) => {
      const { Id, ProductArn } = FindingIdentifier;
      const before = known.get(Id);
      const fail = (ErrorCode: string, ErrorMessage: string) => [
        { FindingIdentifier, ErrorCode, ErrorMessage },
      ];
      if (seen.has(Id)) return fail('DuplicatedFindingIdentifier', 'Finding Identifier is duplicated');
      seen.add(Id);
      if (!before || before.ProductArn !== ProductArn) return fail('FindingNotFound', 'Finding Not Found');
      known.set(Id, { ...before, Workflow: data.Workflow });
      return [];
    });
    const isUnprocessed = new Set(unprocessed.map(({ FindingIdentifier }) => FindingIdentifier));
    return reply({
      ProcessedFindings: data.FindingIdentifiers.filter((one) => !isUnprocessed.has(one)),
      UnprocessedFindings: unprocessed,
    });
  }

  return {
    findings: () => [...known.values()],
    enable: (isOn) => {
      isEnabled = isOn;
    },
    handler: {
      identify: (request) => {
        switch (operationOf(request)) {
          case 'import':
            return { action: 'securityhub:BatchImportFindings', resources: listProducts(request) };
          case 'update':
            return {
              action: 'securityhub:BatchUpdateFindings',
              resources: [arn('hub/default')],
              keys: new Map([['securityhub:asffsyntaxpath/workflow.status', readStatus(request)]]),
            };
          default:
            return undefined;
        }
      },
      handle: async (request) => {
        if (!isEnabled)
          return formatAwsError(
            request,
            401,
            'InvalidAccessException',
            `Account ${accountId} is not subscribed to AWS Security Hub`,
          );
        return operationOf(request) === 'import' ? importFindings(request) : updateFindings(request);
      },
    },
  };
}

/** An import changes nothing that is the customer's: the workflow status stays, but that of a finding that is back is new. */
function merge(before: Finding | undefined, given: Finding): Finding {
  if (!before) return { ...given, Workflow: given.Workflow ?? { Status: 'NEW' } };
  const isBack = before.RecordState === 'ARCHIVED' && given.RecordState !== 'ARCHIVED';
  const { Status = 'NEW' } = before.Workflow ?? {};
  return { ...given, Workflow: { Status: isBack && Status !== 'SUPPRESSED' ? 'NEW' : Status } };
}

function operationOf({ method, path }: ApiRequest): 'import' | 'update' | undefined {
  if (method === 'POST' && path === '/findings/import') return 'import';
  return method === 'PATCH' && path === '/findings/batchupdate' ? 'update' : undefined;
}

function listProducts({ body }: ApiRequest): string[] {
  const { Findings } = parseJsonObject(body) ?? {};
  const found = (Array.isArray(Findings) ? Findings : []).map((one: unknown) =>
    isRecord(one) ? String(one.ProductArn) : '*',
  );
  return found.length > 0 ? [...new Set(found)] : ['*'];
}

function readStatus({ body }: ApiRequest): string {
  const { Workflow } = parseJsonObject(body) ?? {};
  return isRecord(Workflow) ? String(Workflow.Status) : '';
}

function invalid(request: ApiRequest, name: string, why: string): ApiResponse {
  return formatAwsError(request, 400, 'InvalidInputException', `Invalid parameter '${name}'. ${why}`);
}

function reply(body: object): ApiResponse {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
