import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { jest } from '@jest/globals';
import { connectKillSwitch, createSwitchClient, decisionMs } from '../../../shared/aws/kill-switch';
import { awsError } from '../../aws-error';
import { mockClient } from '../../mock-client';

const ssm = mockClient(SSMClient);
const name = '/cordon-dev/kill-switch';
const killSwitch = connectKillSwitch(name, new SSMClient({ region: 'us-east-1' }));

beforeEach(() => ssm.reset());

describe('the kill switch of a stage', () => {
  it('has the value of the parameter, and its time from AWS if the value has none', async () => {
    const LastModifiedDate = new Date('2026-11-27T02:11:00Z');
    ssm.on(GetParameterCommand, { Name: name }).resolves({ Parameter: { Value: 'on', LastModifiedDate } });

    expect(await killSwitch.read()).toEqual({ state: 'on', at: '2026-11-27T02:11:00.000Z' });
  });

  it('is off if there is no parameter', async () => {
    ssm.on(GetParameterCommand).rejects(awsError('ParameterNotFound'));

    expect(await killSwitch.read()).toEqual({ state: 'off' });
  });

  it.each(['ThrottlingException', 'AccessDeniedException', 'InternalServerError', 'TimeoutError'])(
    'is unknown after %s, with the reason',
    async (fault) => {
      ssm.on(GetParameterCommand).rejects(awsError(fault, 'x'.repeat(5_000)));

      const { state, reason } = await killSwitch.read();
      expect([state, reason?.startsWith(`${fault}: xxx`), reason?.length]).toEqual(['unknown', true, 300]);
    },
  );

  it.each([undefined, ''])('is unknown with the value %j', async (Value) => {
    ssm.on(GetParameterCommand).resolves({ Parameter: { Value } });

    expect((await killSwitch.read()).state).toBe('unknown');
  });

  it('is read once in five seconds, and a failed read never uses the earlier value', async () => {
    ssm
      .on(GetParameterCommand)
      .resolvesOnce({ Parameter: { Value: 'off' } })
      .rejectsOnce(awsError('ThrottlingException'))
      .resolves({ Parameter: { Value: 'on' } });
    let time = 0;
    const read = killSwitch.hold(() => time);

    const seen: string[] = [];
    for (const at of [0, 4_999, 5_000, 9_999, 10_000]) {
      time = at;
      seen.push((await read()).state);
    }

    expect(seen).toEqual(['off', 'off', 'unknown', 'unknown', 'on']);
    expect(ssm.commandCalls(GetParameterCommand)).toHaveLength(3);
  });

  it('is read once for all concurrent callers, and trusted for five seconds from the start of the read', async () => {
    let answer: (value: { Parameter: { Value: string } }) => void = () => undefined;
    ssm.on(GetParameterCommand).callsFake(() => new Promise((resolve) => (answer = resolve)));
    let time = 0;
    const read = killSwitch.hold(() => time);

    const first = read();
    time = 4_000;
    const second = read();
    await setImmediate();
    answer({ Parameter: { Value: 'off' } });
    expect([(await first).state, (await second).state]).toEqual(['off', 'off']);
    time = 5_000;
    void read();
    await setImmediate();

    expect(ssm.commandCalls(GetParameterCommand)).toHaveLength(2);
  });

  it('is not read anew by each command while it can’t be read in time', async () => {
    let time = 0;
    ssm.on(GetParameterCommand).callsFake(() => {
      time += 8_000;
      throw awsError('TimeoutError');
    });
    const waiting = connectKillSwitch(name, new SSMClient({ region: 'us-east-1' }), decisionMs);
    const read = waiting.hold(() => time);

    expect((await read()).state).toBe('unknown');
    time += 4_999;
    expect((await read()).state).toBe('unknown');

    expect(ssm.commandCalls(GetParameterCommand)).toHaveLength(1);
  });

  it('is read again if an earlier invocation ended during a read, after which the function was frozen', async () => {
    const answers: ((value: string) => void)[] = [];
    ssm
      .on(GetParameterCommand)
      .callsFake(
        () =>
          new Promise((resolve, reject) =>
            answers.push((Value) =>
              Value === 'late' ? reject(awsError('TimeoutError')) : resolve({ Parameter: { Value } }),
            ),
          ),
      );
    let time = 0;
    const read = killSwitch.hold(() => time);
    void read();
    await setImmediate();

    time = 60_000;
    const second = read();
    await setImmediate();
    answers[0]?.('off');
    answers[1]?.('on');
    expect((await second).state).toBe('on');

    time = 120_000;
    void read();
    await setImmediate();
    time = 180_000;
    answers[2]?.('late');
    await setImmediate();
    const last = read();
    await setImmediate();
    answers[3]?.('off');
    expect((await last).state).toBe('off');
  });

  it('gets less time after a failed read, until a read succeeds: respond has 15 seconds for a whole command', async () => {
    const limits = jest.spyOn(AbortSignal, 'timeout');
    const waiting = connectKillSwitch(name, new SSMClient({ region: 'us-east-1' }), decisionMs);
    let time = 0;
    const read = waiting.hold(() => time);

    for (const Value of [undefined, undefined, 'off', 'off']) {
      ssm.on(GetParameterCommand).resolves({ Parameter: { Value } });
      await read();
      time += 20_000;
    }

    expect(limits.mock.calls).toEqual([[8_000], [4_000], [4_000], [8_000]]);
  });

  it('is stored as plain text over the earlier value', async () => {
    ssm.on(PutParameterCommand).resolves({});

    await killSwitch.write({ state: 'on', by: 'ada', at: '2026-11-27T02:11:00Z' });

    expect(ssm.commandCalls(PutParameterCommand)[0]?.args[0].input).toEqual({
      Name: name,
      Type: 'String',
      Overwrite: true,
      Value: '{"state":"on","by":"ada","at":"2026-11-27T02:11:00Z"}',
    });
  });

  it('replaces a SecureString, which Parameter Store does not turn into plain text', async () => {
    ssm.on(PutParameterCommand, { Type: 'String' }).rejects(awsError('HierarchyTypeMismatchException'));
    ssm.on(PutParameterCommand, { Type: undefined }).resolves({});

    await killSwitch.write({ state: 'on' });

    expect(ssm.commandCalls(PutParameterCommand)[1]?.args[0].input).toEqual({
      Name: name,
      Overwrite: true,
      Value: '{"state":"on"}',
    });
  });

  it.each(['AccessDeniedException', 'TooManyUpdates'])(
    'reports that it is not stored if Parameter Store answers %s',
    async (fault) => {
      ssm.on(PutParameterCommand).rejects(awsError(fault));

      await expect(killSwitch.write({ state: 'on' })).rejects.toMatchObject({ name: fault });
    },
  );
});

describe('the kill switch while a device waits', () => {
  it('is read over another connection if one hangs', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      if (asked > 1) response.end(JSON.stringify({ Parameter: { Name: name, Value: 'on' } }));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    ssm.restore();
    const client = createSwitchClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });

    const { state } = await connectKillSwitch(name, client, decisionMs).read();
    client.destroy();
    server.closeAllConnections();
    server.close();

    expect([state, asked]).toEqual(['on', 2]);
  });
});
