import { aContainedCase } from '../../cli/stored-cases';
import { anOperator, ofThing, userArn } from './operator';

const { record: contained } = aContainedCase();
const thing = ofThing('mything1');

describe('the body of a command', () => {
  it.each([
    ['comment', { comment: 'a shell of the vendor' }, { comment: 'a shell of the vendor' }],
    ['assign', {}, {}],
    ['assign', { assignee: 'bob' }, { assignee: 'bob' }],
    ['assign', { assignee: null }, { assignee: '' }],
    [
      'harden',
      { actions: ['deactivate-certificate'], force: true },
      { actions: ['deactivate-certificate'], force: true },
    ],
  ])('%s with %j is sent as the mailbox has it', async (act, body, order) => {
    const { ask, sent } = anOperator([contained]);

    const { status } = await ask(`POST /things/{thing}/${act}`, { ...thing, body: JSON.stringify(body) });

    expect(status).toBe(202);
    expect(sent.map(({ command }) => command)).toEqual([
      { type: act, thingName: 'mything1', actor: userArn, ...order, requestId: expect.any(String) },
    ]);
  });

  it.each([
    ['comment', {}, 'comment'],
    ['comment', { comment: '' }, 'comment'],
    ['comment', { comment: 'x', force: true }, 'force'],
    ['harden', {}, 'actions'],
    ['harden', { actions: [] }, 'actions'],
    ['harden', { actions: ['erase'] }, 'actions.0'],
    ['assign', { assignee: '' }, 'assignee'],
    ['assign', { assignee: 'x'.repeat(257) }, 'assignee'],
    ['release', { assignee: 'bob' }, 'assignee'],
    ['release', { actor: 'bob' }, 'actor'],
  ])('%s with %j is refused, and the field named', async (act, body, field) => {
    const { ask, sent } = anOperator([contained]);

    const answer = await ask(`POST /things/{thing}/${act}`, { ...thing, body: JSON.stringify(body) });

    expect(answer).toMatchObject({ status: 400, value: { field } });
    expect(sent).toEqual([]);
  });
});
