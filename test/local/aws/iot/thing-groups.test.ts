import {
  AddThingToThingGroupCommand,
  CreateThingGroupCommand,
  DescribeThingGroupCommand,
  ListThingGroupsForThingCommand,
  ListThingsInThingGroupCommand,
  RemoveThingFromThingGroupCommand,
} from '@aws-sdk/client-iot';
import { errorOf, now, prefix } from './builders';
import { registry, send, server, useControlPlane } from './plane';

useControlPlane();

describe('thing groups', () => {
  it('form trees that describe themselves from the root', async () => {
    await send(new CreateThingGroupCommand({ thingGroupName: 'root' }));
    await send(new CreateThingGroupCommand({ thingGroupName: 'middle', parentGroupName: 'root' }));
    const thingGroupProperties = {
      thingGroupDescription: 'a leaf',
      attributePayload: { attributes: { site: 'north' } },
    };
    await send(
      new CreateThingGroupCommand({
        thingGroupName: 'leaf',
        parentGroupName: 'middle',
        thingGroupProperties,
      }),
    );

    expect(await send(new DescribeThingGroupCommand({ thingGroupName: 'leaf' }))).toMatchObject({
      thingGroupName: 'leaf',
      thingGroupArn: `${prefix}thinggroup/leaf`,
      version: 1,
      thingGroupProperties,
      thingGroupMetadata: {
        parentGroupName: 'middle',
        rootToParentThingGroups: [
          { groupName: 'root', groupArn: `${prefix}thinggroup/root` },
          { groupName: 'middle', groupArn: `${prefix}thinggroup/middle` },
        ],
        creationDate: new Date(now),
      },
    });
  });

  it('add and remove a thing, any number of times', async () => {
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    const member = { thingName: 'mything1', thingGroupName: 'quarantine' };

    await send(new AddThingToThingGroupCommand(member));
    await send(new AddThingToThingGroupCommand(member));
    const during = await send(new ListThingGroupsForThingCommand({ thingName: 'mything1' }));
    await send(new RemoveThingFromThingGroupCommand(member));
    await send(new RemoveThingFromThingGroupCommand(member));
    const after = await send(new ListThingsInThingGroupCommand({ thingGroupName: 'quarantine' }));

    expect(during.thingGroups).toEqual([
      { groupName: 'quarantine', groupArn: `${prefix}thinggroup/quarantine` },
    ]);
    expect(after.things).toEqual([]);
  });

  it('list members of the groups below only on request', async () => {
    registry.things.create('mything1');
    registry.groups.create('root');
    registry.groups.create('leaf', { parentGroupName: 'root' });
    registry.groups.updateMembership('mything1', { add: ['leaf'], remove: [] });

    const direct = await send(new ListThingsInThingGroupCommand({ thingGroupName: 'root' }));
    const all = await send(new ListThingsInThingGroupCommand({ thingGroupName: 'root', recursive: true }));
    expect([direct.things, all.things]).toEqual([[], ['mything1']]);
  });

  it('are listed for a thing with the groups above them, each once', async () => {
    registry.things.create('mything1');
    registry.groups.create('root');
    registry.groups.create('middle', { parentGroupName: 'root' });
    registry.groups.create('leaf', { parentGroupName: 'middle' });
    registry.groups.create('beside');
    registry.groups.updateMembership('mything1', { add: ['leaf', 'beside'], remove: [] });
    const list = async (nextToken?: string) =>
      send(new ListThingGroupsForThingCommand({ thingName: 'mything1', maxResults: 3, nextToken }));

    const first = await list();
    const second = await list(first.nextToken);

    const names = [...(first.thingGroups ?? []), ...(second.thingGroups ?? [])];
    expect(names.map(({ groupName }) => groupName)).toEqual(['beside', 'leaf', 'middle', 'root']);
    expect(second.nextToken).toBeUndefined();
  });

  it('refuse a second group of the same tree and an eleventh group, changing nothing', async () => {
    registry.things.create('mything1');
    registry.groups.create('root');
    registry.groups.create('left', { parentGroupName: 'root' });
    registry.groups.create('right', { parentGroupName: 'root' });
    const names = Array.from({ length: 10 }, (_, index) => `group-${index}`);
    for (const name of names) registry.groups.create(name);
    const add = (thingGroupName: string) =>
      errorOf(send(new AddThingToThingGroupCommand({ thingName: 'mything1', thingGroupName })));
    const groups = () => registry.groupsOfThing('mything1').map(({ groupName }) => groupName);

    expect([await add('left'), await add('right'), groups()]).toEqual([
      'no error',
      '400 InvalidRequestException',
      ['left'],
    ]);
    for (const name of names.slice(1)) await add(name);
    expect([await add('group-0'), groups()]).toEqual([
      '400 InvalidRequestException',
      ['left', ...names.slice(1)],
    ]);
  });

  it('answer 404 for a thing or group that does not exist', async () => {
    registry.things.create('mything1');
    registry.groups.create('quarantine');
    const add = (thingName: string, thingGroupName: string) =>
      errorOf(send(new AddThingToThingGroupCommand({ thingName, thingGroupName })));

    expect(await add('nobody', 'quarantine')).toBe('404 ResourceNotFoundException');
    expect(await add('mything1', 'nowhere')).toBe('404 ResourceNotFoundException');
  });

  it('refuse a name and an ARN that differ, so that IAM is asked about what changes', async () => {
    registry.things.create('mything1');
    registry.things.create('mything2');
    registry.groups.create('quarantine');
    const forged = new AddThingToThingGroupCommand({
      thingName: 'mything1',
      thingArn: `${prefix}thing/mything2`,
      thingGroupName: 'quarantine',
    });

    expect(await errorOf(send(forged))).toBe('400 InvalidRequestException');
    expect(server.asked).toEqual(['iot:AddThingToThingGroup on *']);
  });
});
