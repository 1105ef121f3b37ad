import type { InvocationOutcome } from '../../../../local/aws/lambda/definitions';
import { aStackRecorder, aTemplate, deploy, problemsOf } from './stack';

interface CreateEvent {
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
}

const succeeded: InvocationOutcome = { status: 'succeeded', requestId: 'r', payload: 'null' };
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:provision';

const template = aTemplate(
  {
    Attach: {
      Type: 'Custom::PolicyAttachment',
      Properties: { ServiceToken: functionArn, Group: 'quarantine', Nested: { Count: 3, On: true } },
    },
  },
  { Outputs: { Id: { Value: { Ref: 'Attach' } }, Data: { Value: { 'Fn::GetAtt': 'Attach.Name' } } } },
);

/** Hooks whose functions answer a custom resource's event as given. */
function answering(run: (event: CreateEvent) => Promise<InvocationOutcome>) {
  const events: unknown[] = [];
  const { hooks } = aStackRecorder({
    invokeFunction: (_, event) => {
      events.push(event);
      return run(event as CreateEvent);
    },
  });
  return { hooks, events };
}

async function put(event: CreateEvent, answer: Record<string, unknown> | string): Promise<InvocationOutcome> {
  const { StackId, RequestId, LogicalResourceId } = event;
  const base = {
    Status: 'SUCCESS',
    PhysicalResourceId: 'attachment-1',
    StackId,
    RequestId,
    LogicalResourceId,
  };
  const body = typeof answer === 'string' ? answer : JSON.stringify({ ...base, ...answer });
  await fetch(event.ResponseURL, { method: 'PUT', body });
  return succeeded;
}

describe('a custom resource', () => {
  it('sends the event of CloudFormation and uses the id and data of the answer', async () => {
    const { hooks, events } = answering((event) => put(event, { Data: { Name: 'done' } }));

    const { outputs } = await deploy(template, { hooks });

    expect(outputs).toEqual({ Id: 'attachment-1', Data: 'done' });
    expect(events).toEqual([
      {
        RequestType: 'Create',
        ServiceToken: functionArn,
        ResponseURL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]{36}$/),
        StackId: expect.stringMatching(/^arn:aws:cloudformation:us-east-1:000000000000:stack\/cordon-test\//),
        RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        LogicalResourceId: 'Attach',
        ResourceType: 'Custom::PolicyAttachment',
        ResourceProperties: {
          ServiceToken: functionArn,
          Group: 'quarantine',
          Nested: { Count: '3', On: 'true' },
        },
      },
    ]);
  });

  it.each([
    [
      'FAILED',
      { Status: 'FAILED', Reason: 'no such group' },
      'Received response status [FAILED] from custom resource: no such group',
    ],
    ['what is not JSON', 'hello', 'its function sent an invalid response object: hello'],
    ['no status', { Status: 'OK' }, /its function sent an invalid response object/],
    ['for another request', { RequestId: 'other' }, 'its function answered another request: stack arn:'],
    ['without an id', { PhysicalResourceId: undefined }, 'Invalid PhysicalResourceId'],
    [
      'with more than 4096 bytes',
      { Data: { Name: 'x'.repeat(5_000) } },
      'its function sent an invalid response object: Response object is too long.',
    ],
  ])('stops the deployment when its function answers %s', async (_, answer, reason) => {
    const { hooks } = answering((event) => put(event, answer));

    const [problem, ...others] = await problemsOf(template, { hooks });

    expect(problem?.replace('Attach (Custom::PolicyAttachment): ', '')).toMatch(reason);
    expect(others).toEqual([]);
  });

  it('stops the deployment at once when its function fails', async () => {
    const error = { errorType: 'TypeError', errorMessage: 'undefined is not a group' };
    const { hooks } = answering(async () => ({ status: 'failed', requestId: 'r', error }));

    expect(await problemsOf(template, { hooks })).toEqual([
      'Attach (Custom::PolicyAttachment): its function failed: TypeError: undefined is not a group',
    ]);
  });

  it('stops the deployment when no answer arrives in time', async () => {
    const { hooks } = answering(async () => succeeded);

    expect(await problemsOf(template, { hooks, customResourceTimeoutMs: 20 })).toEqual([
      'Attach (Custom::PolicyAttachment): its function did not answer within 0.02 s',
    ]);
  });

  it('ignores answers from a sender that does not know its address', async () => {
    const statuses: number[] = [];
    const { hooks } = answering(async (event) => {
      const forged = await fetch(new URL('/forged', event.ResponseURL), { method: 'PUT', body: '{}' });
      const read = await fetch(event.ResponseURL);
      statuses.push(forged.status, read.status);
      return put(event, { Data: { Name: 'own' } });
    });

    const { outputs } = await deploy(template, { hooks });

    expect([statuses, outputs.Data]).toEqual([[403, 403], 'own']);
  });
});
