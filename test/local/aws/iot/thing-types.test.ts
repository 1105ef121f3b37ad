import { CreateThingCommand, CreateThingTypeCommand } from '@aws-sdk/client-iot';
import { errorOf, prefix } from './builders';
import { send, server, useControlPlane } from './plane';

useControlPlane();

const thingTypeName = 'gateway';
const thingTypeProperties = { thingTypeDescription: 'a gateway', searchableAttributes: ['site'] };

const create = (properties = thingTypeProperties) =>
  send(new CreateThingTypeCommand({ thingTypeName, thingTypeProperties: properties }));

describe('thing types', () => {
  it('can be created again unchanged, and not with changes', async () => {
    const { thingTypeId } = await create();

    expect((await create()).thingTypeId).toBe(thingTypeId);
    expect(await errorOf(create({ ...thingTypeProperties, searchableAttributes: [] }))).toBe(
      '409 ResourceAlreadyExistsException',
    );
    expect(server.asked[0]).toBe(`iot:CreateThingType on ${prefix}thingtype/gateway`);
  });

  it('must exist before a thing can have them', async () => {
    const thing = { thingName: 'mything1', thingTypeName };
    expect(await errorOf(send(new CreateThingCommand(thing)))).toBe('404 ResourceNotFoundException');
    await create();

    expect(await errorOf(send(new CreateThingCommand(thing)))).toBe('no error');
  });

  it.each([
    ['a b', {}],
    ['a'.repeat(129), {}],
    ['ok', { searchableAttributes: ['a', 'b', 'c', 'd'] }],
    ['ok', { searchableAttributes: ['a b'] }],
    ['ok', { thingTypeDescription: 'a'.repeat(2029) }],
  ])('are refused as %s with %j', async (name, properties) => {
    const command = new CreateThingTypeCommand({ thingTypeName: name, thingTypeProperties: properties });

    expect(await errorOf(send(command))).toBe('400 InvalidRequestException');
  });
});
