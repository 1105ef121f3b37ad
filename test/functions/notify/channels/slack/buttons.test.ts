import type { KnownBlock } from '@slack/web-api';
import { listActions, writeButtons } from '../../../../../functions/notify/channels/slack/buttons';
import { writeReply, writeRootMessage } from '../../../../../functions/notify/channels/slack/message';
import type { CaseStatus } from '../../../../../shared/domain/case/status';
import { anAnnouncement } from '../../announcements';

const buttonsOf = (blocks: readonly KnownBlock[]) =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []));

const actsByStatus: Record<CaseStatus, readonly string[]> = {
  'awaiting-approval': ['approve', 'reject'],
  observed: ['contain', 'dismiss'],
  containing: ['release'],
  contained: ['release'],
  'containment-failed': ['release'],
  releasing: [],
  'release-conflict': ['release', 'dismiss'],
  closed: [],
};

describe('the buttons of a case', () => {
  it.each(Object.entries(actsByStatus))('in status %s are %j', (status, acts) => {
    const { blocks } = writeRootMessage(anAnnouncement({ status }), 'bot');

    expect(buttonsOf(blocks)).toMatchObject(acts.map((action_id) => ({ type: 'button', action_id })));
  });

  it('name thing and case, and ask for confirmation', () => {
    const [block] = writeButtons({ status: 'contained', thingName: 'a:b', caseId: 'case-7' });

    expect(block?.elements).toEqual([
      {
        type: 'button',
        action_id: 'release',
        text: { type: 'plain_text', text: 'Release', emoji: false },
        value: '{"thing":"a:b","caseId":"case-7"}',
        confirm: {
          title: { type: 'plain_text', text: 'Release?', emoji: false },
          text: {
            type: 'plain_text',
            text: 'a:b gets back what it had before the containment.',
            emoji: false,
          },
          confirm: { type: 'plain_text', text: 'Release', emoji: false },
          deny: { type: 'plain_text', text: 'Cancel', emoji: false },
        },
      },
    ]);
  });

  it('confirm just what somebody asked for, and name who did, until when', () => {
    const actions = ['deactivate-certificate'];
    const request = { action: 'harden', actor: 'ada', expires: 1_795_000_000_000, actions };
    const { blocks } = writeRootMessage(anAnnouncement({ status: 'contained', request }), 'bot');

    const [confirm, ...others] = buttonsOf(blocks);
    expect(others).toMatchObject([{ action_id: 'reject' }, { action_id: 'release' }]);
    expect(confirm).toMatchObject({
      action_id: 'harden',
      value: expect.stringMatching(/,"actions":\["deactivate-certificate"\]\}$/),
    });
    expect(JSON.stringify(blocks)).toContain(
      'ada asked for it (harden deactivate-certificate); somebody else has to press this until 2026-11-18T11:06Z',
    );
  });

  it('confirm a containment that was asked for by approval', () => {
    const request = { action: 'contain', actor: 'ada', expires: 1, force: true } as const;
    const { blocks } = writeRootMessage(anAnnouncement({ status: 'awaiting-approval', request }), 'bot');

    expect(buttonsOf(blocks)).toMatchObject([
      { action_id: 'approve', value: expect.stringMatching(/,"force":true\}$/) },
      { action_id: 'reject' },
    ]);
  });

  it('stay within the limits of a dialog for the longest name', () => {
    for (const status of Object.keys(actsByStatus))
      for (const element of buttonsOf(
        writeButtons({ status, thingName: 'x'.repeat(128), caseId: 'c'.repeat(128) }),
      ))
        if (element.type === 'button') {
          expect(element.confirm?.text.text.length).toBeLessThanOrEqual(300);
          expect(element.value?.length).toBeLessThanOrEqual(2_000);
        }
  });

  it.each([
    ['a thing that is none', { thingName: 'a b' }],
    ['a case that is none', { caseId: '' }],
    ['a status that is none', { status: 'constructor' }],
  ])('are left out for %s', (_, over) => {
    expect(listActions(anAnnouncement(over))).toEqual([]);
  });

  it('appear on the root message only', () => {
    expect(buttonsOf(writeReply(anAnnouncement()).blocks)).toEqual([]);
  });

  it('are shown as commands if a webhook posts', () => {
    const { blocks } = writeRootMessage(anAnnouncement({ status: 'release-conflict' }), 'webhook');

    expect(buttonsOf(blocks)).toEqual([]);
    expect(JSON.stringify(blocks)).toContain('`npx cordon release mything1`\\n`npx cordon dismiss mything1`');
  });
});
