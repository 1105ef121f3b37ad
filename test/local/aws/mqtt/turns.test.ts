import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTurns } from '../../../../local/aws/mqtt/turns';

it('the turns let another client act before one client’s burst is finished, and keep the order of each', async () => {
  const takeTurn = createTurns();
  const [flooder, victim] = [{}, {}];
  const done: string[] = [];

  for (let index = 0; index < 100; index += 1) takeTurn(flooder, () => void done.push(`flood ${index}`));
  takeTurn(victim, () => void done.push('victim 0'));
  takeTurn(victim, () => void done.push('victim 1'));
  expect(done).toEqual(['flood 0', 'victim 0']);
  await nextTurn();
  await nextTurn();

  expect(done.indexOf('victim 1')).toBeLessThan(10);
  while (done.length < 102) await nextTurn();
  expect(done.filter((text) => text.startsWith('flood'))).toEqual(
    Array.from({ length: 100 }, (_, index) => `flood ${index}`),
  );
});

it('the turns let a client act at once again after its burst', async () => {
  const takeTurn = createTurns();
  const client = {};
  takeTurn(client, () => undefined);
  await nextTurn();
  await nextTurn();
  let isDone = false;

  takeTurn(client, () => {
    isDone = true;
  });

  expect(isDone).toBe(true);
});
