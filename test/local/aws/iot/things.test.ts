import {
  AttachThingPrincipalCommand,
  CreateThingCommand,
  DeleteThingCommand,
  DescribeThingCommand,
  DetachThingPrincipalCommand,
  ListPrincipalThingsCommand,
  ListThingPrincipalsCommand,
  ListThingPrincipalsV2Command,
  ListThingsCommand,
  paginateListThings,
} from '@aws-sdk/client-iot';
import { aDocument, allow, aRegistry, errorOf, now, pemOne, pemTwo, prefix } from './builders';
import { registerOne, registry, send, server, useControlPlane } from './plane';

useControlPlane();

describe('things', () => {
  it('are created, described and deleted', async () => {
    registry.thingTypes.create('gateway');
    const attributePayload = { attributes: { site: 'north', line: '4' } };
    const created = await send(
      new CreateThingCommand({ thingName: 'mything1', thingTypeName: 'gateway', attributePayload }),
    );

    expect(await send(new DescribeThingCommand({ thingName: 'mything1' }))).toMatchObject({
      defaultClientId: 'mything1',
      thingName: 'mything1',
      thingId: created.thingId,
      thingArn: `${prefix}thing/mything1`,
      thingTypeName: 'gateway',
      attributes: { site: 'north', line: '4' },
      version: 1,
    });

    await send(new DeleteThingCommand({ thingName: 'mything1' }));
    expect(await errorOf(send(new DescribeThingCommand({ thingName: 'mything1' })))).toBe(
      '404 ResourceNotFoundException',
    );
  });

  it('can be created again unchanged, and not with changes', async () => {
    const created = await send(new CreateThingCommand({ thingName: 'mything1' }));

    expect((await send(new CreateThingCommand({ thingName: 'mything1' }))).thingId).toBe(created.thingId);
    expect(await errorOf(send(new CreateThingCommand({ thingName: 'mything1', thingTypeName: 'x' })))).toBe(
      '409 ResourceAlreadyExistsException',
    );
  });

  it('cannot be deleted by an outdated version', async () => {
    await send(new CreateThingCommand({ thingName: 'mything1' }));

    expect(await errorOf(send(new DeleteThingCommand({ thingName: 'mything1', expectedVersion: 7 })))).toBe(
      '409 VersionConflictException',
    );
  });

  it.each(['a/b', 'a+b', '#', '$aws', '..', 'a b', 'a\u0000', 'ü', 'x'.repeat(129)])(
    'are refused under the name %j',
    async (thingName) => {
      expect(await errorOf(send(new CreateThingCommand({ thingName })))).toBe('400 InvalidRequestException');
    },
  );

  it('are listed page by page, by type and by attribute', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const thingName of names) registry.things.create(thingName);
    registry.thingTypes.create('gateway');
    registry.things.create('typed', {
      thingTypeName: 'gateway',
      attributePayload: { attributes: { site: 'n1' } },
    });

    const pages: string[][] = [];
    for await (const page of paginateListThings({ client: server.client, pageSize: 2 }, {})) {
      pages.push((page.things ?? []).map(({ thingName }) => thingName ?? ''));
    }
    const byType = await send(new ListThingsCommand({ thingTypeName: 'gateway' }));
    const byPrefix = await send(
      new ListThingsCommand({ attributeName: 'site', attributeValue: 'n', usePrefixAttributeValue: true }),
    );

    expect(pages).toEqual([
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'typed'],
    ]);
    expect([byType.things?.length, byPrefix.things?.length]).toEqual([1, 1]);
  });

  it.each([{ maxResults: 0 }, { maxResults: 251 }, { nextToken: 'forged' }])(
    'cannot be listed by %j',
    async (input) => {
      expect(await errorOf(send(new ListThingsCommand(input)))).toBe('400 InvalidRequestException');
    },
  );

  it('have principals, and cannot be deleted while they do', async () => {
    const principal = await registerOne();
    await send(new CreateThingCommand({ thingName: 'mything1' }));
    await send(new AttachThingPrincipalCommand({ thingName: 'mything1', principal }));

    expect((await send(new ListThingPrincipalsCommand({ thingName: 'mything1' }))).principals).toEqual([
      principal,
    ]);
    expect(
      (await send(new ListThingPrincipalsV2Command({ thingName: 'mything1' }))).thingPrincipalObjects,
    ).toEqual([{ principal, thingPrincipalType: 'NON_EXCLUSIVE_THING' }]);
    expect((await send(new ListPrincipalThingsCommand({ principal }))).things).toEqual(['mything1']);
    expect(await errorOf(send(new DeleteThingCommand({ thingName: 'mything1' })))).toBe(
      '400 InvalidRequestException',
    );

    await send(new DetachThingPrincipalCommand({ thingName: 'mything1', principal }));
    expect((await send(new ListPrincipalThingsCommand({ principal }))).things).toEqual([]);
  });

  it('list their principals in a fixed order, whichever was attached first and whatever changed since', async () => {
    const first = registry.certificates.register(pemOne, 'ACTIVE');
    const second = registry.certificates.register(pemTwo, 'ACTIVE');
    const list = async (thingName: string) =>
      (await send(new ListThingPrincipalsCommand({ thingName }))).principals;
    registry.things.create('a');
    registry.things.create('b');
    registry.things.attachPrincipal('a', first.arn);
    registry.things.attachPrincipal('a', second.arn);
    registry.things.attachPrincipal('b', second.arn);
    registry.things.attachPrincipal('b', first.arn);
    const before = await list('a');
    registry.certificates.setStatus(first.certificateId, 'INACTIVE');
    registry.things.detachPrincipal('a', first.arn);
    registry.things.attachPrincipal('a', first.arn);

    expect(before).toEqual([first.arn, second.arn].sort());
    expect([await list('a'), await list('b')]).toEqual([before, before]);
  });
});

describe('a principal or policy that was just detached', () => {
  it('cannot be deleted before the detachment has spread', async () => {
    let currentAt = now;
    const slow = aRegistry({ now: () => currentAt, detachSeconds: 300 });
    const { arn, certificateId } = slow.certificates.register(pemOne, 'INACTIVE');
    slow.things.create('mything1');
    slow.things.attachPrincipal('mything1', arn);
    slow.policies.create('policy', aDocument(allow('iot:*', '*')));
    slow.policies.attach('policy', arn);
    slow.things.detachPrincipal('mything1', arn);
    slow.policies.detach('policy', arn);
    const deletions = [
      () => slow.certificates.delete(certificateId, true),
      () => slow.policies.delete('policy'),
      () => slow.things.delete('mything1'),
    ];

    currentAt += 299_999;
    expect(deletions.map(nameOfError)).toEqual([
      'DeleteConflictException',
      'DeleteConflictException',
      'InvalidRequestException',
    ]);
    currentAt += 1;
    expect(deletions.map(nameOfError)).toEqual(['none', 'none', 'none']);
  });
});

function nameOfError(perform: () => void): string {
  try {
    perform();
    return 'none';
  } catch (error) {
    return (error as Error).name;
  }
}
