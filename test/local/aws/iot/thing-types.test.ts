import {
  CreateThingCommand,
  CreateThingTypeCommand,
  DeleteThingTypeCommand,
  DeprecateThingTypeCommand,
  DescribeThingTypeCommand,
  ListThingTypesCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { aRegistry, errorOf, now, prefix } from './builders';
import { startServer, type TestServer } from './server';

let at: number;
let server: TestServer;
let send: TestServer['client']['send'];

beforeEach(async () => {
  at = now;
  server = await startServer(createIotControlPlane(aRegistry({ now: () => at })));
  send = server.client.send.bind(server.client) as typeof send;
});
afterEach(() => server.close());

const thingTypeName = 'gateway';
const thingTypeProperties = { thingTypeDescription: 'a gateway', searchableAttributes: ['site'] };

const create = (properties = thingTypeProperties) =>
  send(new CreateThingTypeCommand({ thingTypeName, thingTypeProperties: properties }));
const deprecate = (undoDeprecate = false) =>
  send(new DeprecateThingTypeCommand({ thingTypeName, undoDeprecate }));
const remove = () => send(new DeleteThingTypeCommand({ thingTypeName }));

describe('thing types', () => {
  it('are created, described and listed', async () => {
    const { thingTypeId } = await create();
    const summary = {
      thingTypeName,
      thingTypeArn: `${prefix}thingtype/gateway`,
      thingTypeProperties,
      thingTypeMetadata: { deprecated: false, creationDate: new Date(now) },
    };
    const { $metadata, ...described } = await send(new DescribeThingTypeCommand({ thingTypeName }));

    expect([$metadata.httpStatusCode, described]).toEqual([200, { ...summary, thingTypeId }]);
    expect((await send(new ListThingTypesCommand({}))).thingTypes).toEqual([summary]);
    expect((await send(new ListThingTypesCommand({ thingTypeName: 'other' }))).thingTypes).toEqual([]);
    expect(server.asked).toEqual([
      `iot:CreateThingType on ${prefix}thingtype/gateway`,
      `iot:DescribeThingType on ${prefix}thingtype/gateway`,
      'iot:ListThingTypes on *',
      'iot:ListThingTypes on *',
    ]);
  });

  it('can be created again as they are, and not otherwise', async () => {
    const { thingTypeId } = await create();

    expect((await create()).thingTypeId).toBe(thingTypeId);
    expect(await errorOf(create({ ...thingTypeProperties, searchableAttributes: [] }))).toBe(
      '409 ResourceAlreadyExistsException',
    );
  });

  it('must exist and be in use to be given to a thing', async () => {
    const thing = { thingName: 'mything1', thingTypeName };
    expect(await errorOf(send(new CreateThingCommand(thing)))).toBe('404 ResourceNotFoundException');
    await create();
    await send(new CreateThingCommand(thing));
    await deprecate();

    // What is there already stays as it is.
    await send(new CreateThingCommand(thing));
    await send(new UpdateThingCommand(thing));
    expect(await errorOf(send(new CreateThingCommand({ ...thing, thingName: 'mything2' })))).toBe(
      '400 InvalidRequestException',
    );
    await deprecate(true);
    await send(new CreateThingCommand({ ...thing, thingName: 'mything2' }));
  });

  it('are deleted five minutes after they were deprecated, when no thing has them', async () => {
    await create();
    const thing = { thingName: 'mything1', thingTypeName };
    await send(new CreateThingCommand(thing));
    expect(await errorOf(remove())).toBe('400 InvalidRequestException');
    await deprecate();
    at += 5 * 60 * 1000 - 1;
    await deprecate();
    expect(await errorOf(remove())).toBe('400 InvalidRequestException');
    at += 1;
    expect(await errorOf(remove())).toBe('400 InvalidRequestException');
    await send(new UpdateThingCommand({ thingName: 'mything1', removeThingType: true }));

    expect(await errorOf(remove())).toBe('no error');
    expect(await errorOf(remove())).toBe('404 ResourceNotFoundException');
    expect(await errorOf(deprecate())).toBe('404 ResourceNotFoundException');
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
