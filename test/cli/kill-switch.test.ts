import { ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { CliError } from '../../cli/cli-error';
import { showKillSwitch, turnKillSwitch } from '../../cli/kill-switch';
import type { KillSwitch } from '../../shared/domain/guards/kill-switch';
import { thingKey } from '../../shared/domain/thing-ref';
import { now } from '../builders';
import { advance, alarm, aTable, flush } from './stored-cases';

const at = new Date(now).toISOString();

function aStage(things: readonly string[] = []) {
  const stored = things.map((thingName) =>
    flush({
      record: advance(undefined, alarm({ thingName }), {
        thingName: thingKey(thingName),
        killSwitch: { state: 'on' },
      }),
      rows: [],
    }),
  );
  let value: KillSwitch = { state: 'off' };
  const killSwitch = {
    read: async () => value,
    async write(wanted: KillSwitch) {
      value = wanted;
    },
  };
  return { ...aTable(stored), killSwitch, read: () => value };
}

describe('kill-switch', () => {
  it('is turned on with the actor, time and reason, and lists what it holds back', async () => {
    const stage = aStage(['mything1', 'mything2']);

    const text = await turnKillSwitch('on', { actor: 'ada', reason: 'wrong threshold' }, stage, now);

    expect(stage.read()).toEqual({ state: 'on', by: 'ada', at, reason: 'wrong threshold' });
    expect(text.split('\n')).toEqual([
      `The kill switch is on, since ${at}, by ada (wrong threshold).`,
      'It takes effect within 5 seconds. Contained things stay contained, and a release still works.',
      'It holds back 2 things: mything1, mything2',
    ]);
  });

  it('is turned off, and lists what Cordon decides again', async () => {
    const stage = aStage(['mything1']);

    const text = await turnKillSwitch('off', { actor: 'ada' }, stage, now);

    expect(stage.read()).toEqual({ state: 'off', by: 'ada', at });
    expect(text.split('\n').slice(1)).toEqual([
      'It held back 1 thing: mything1',
      'Cordon decides again on what it held back, within some minutes and without another alert.',
    ]);
    expect((await showKillSwitch(stage)).text.split('\n').slice(1)).toEqual(text.split('\n').slice(1));
  });

  it('is turned off without a word about new decisions if it holds nothing back', async () => {
    const text = await turnKillSwitch('off', { actor: 'ada' }, aStage(), now);

    expect(text).toBe(`The kill switch is off, since ${at}, by ada.\nIt holds nothing back.`);
  });

  it('says that Cordon decides again if the things can’t be listed', async () => {
    const listByStatus = () => Promise.reject(new Error('slow down'));

    const text = await turnKillSwitch(
      'off',
      { actor: 'ada' },
      { ...aStage(), history: { listByStatus } },
      now,
    );

    expect(text.split('\n').slice(1)).toEqual([
      "The things that it held back can't be listed: Error: slow down",
      'Cordon decides again on what it held back, within some minutes and without another alert.',
    ]);
  });

  it('shows its state', async () => {
    expect(await showKillSwitch(aStage())).toEqual({
      text: 'The kill switch is off.\nIt holds nothing back.',
      isRead: true,
    });
  });

  it('prints the state, and the things that it holds back, as JSON', async () => {
    const stage = aStage(['mything1']);
    const on = { state: 'on', by: 'ada', at };

    expect(JSON.parse(await turnKillSwitch('on', { actor: 'ada', json: true }, stage, now))).toEqual({
      ...on,
      heldBack: ['mything1'],
    });
    const listByStatus = () => Promise.reject(new Error('slow down'));
    const { text } = await showKillSwitch({ ...stage, history: { listByStatus } }, { json: true });
    expect(JSON.parse(text)).toEqual({ ...on, heldBackError: 'Error: slow down' });
  });

  it('explains what an unreadable switch means', async () => {
    const read = async (): Promise<KillSwitch> => ({ state: 'unknown', reason: 'AccessDenied: no' });
    const { killSwitch, ...stage } = aStage();

    expect(await showKillSwitch({ ...stage, killSwitch: { ...killSwitch, read } })).toEqual({
      text: "The kill switch can't be read (AccessDenied: no): until it can be read, Cordon asks before it contains anything.\nIt holds nothing back.",
      isRead: false,
    });
  });

  it('is turned even if the cases can not be listed', async () => {
    const stage = aStage();
    const listByStatus = () => Promise.reject(new Error('slow down'));

    const text = await turnKillSwitch('on', {}, { ...stage, history: { listByStatus } }, now);

    expect(stage.read().state).toBe('on');
    expect(text).toContain("The things that it holds back can't be listed: Error: slow down");
  });

  it('is not turned for a stage that does not exist', async () => {
    const stage = aStage();
    const fault = new ResourceNotFoundException({ $metadata: {}, message: 'no table' });

    await expect(
      turnKillSwitch('on', {}, { ...stage, history: { listByStatus: () => Promise.reject(fault) } }, now),
    ).rejects.toBe(fault);
    expect(stage.read().state).toBe('off');
  });

  it('refuses a reason that could not be read back', async () => {
    await expect(turnKillSwitch('on', { reason: 'x'.repeat(501) }, aStage(), now)).rejects.toThrow(
      new CliError('--reason has 501 characters: shorten it to 500'),
    );
  });
});
