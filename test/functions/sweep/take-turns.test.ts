import { takeTurns } from '../../../functions/sweep/take-turns';

/** Turns of a list of numbers; each is read up to `most`. */
function aReader(length: number) {
  const turns = takeTurns(async function* () {
    for (let one = 1; one <= length; one += 1) yield one;
  });
  return async (most = Infinity): Promise<number[]> => {
    const read: number[] = [];
    for await (const one of turns()) {
      read.push(one);
      if (read.length === most) break;
    }
    return read;
  };
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('the turns of a long list', () => {
  it('are parts of a thousand, and begin again after the end', async () => {
    const read = aReader(2_500);

    expect(await read()).toEqual(range(1, 1_000));
    expect(await read()).toEqual(range(1_001, 2_000));
    expect(await read()).toEqual(range(2_001, 2_500));
    expect(await read()).toEqual(range(1, 1_000));
  });

  it('continue after the item at which a reader stopped', async () => {
    const read = aReader(200);

    expect(await read(125)).toEqual(range(1, 125));
    expect(await read()).toEqual(range(126, 200));
    expect(await read()).toEqual(range(1, 200));
  });

  it('begin again if the list got shorter', async () => {
    let length = 2_000;
    const turns = takeTurns(async function* () {
      yield* range(1, length);
    });
    const read = async () => {
      const found: number[] = [];
      for await (const one of turns()) found.push(one);
      return found.length;
    };

    expect(await read()).toBe(1_000);
    length = 10;
    expect(await read()).toBe(0);
    expect(await read()).toBe(10);
  });

  it('begin again after 20,000 items, because skipping items takes time too', async () => {
    const read = aReader(30_000);
    for (let turn = 0; turn < 20; turn += 1) await read();

    expect(await read(1)).toEqual([1]);
  });
});
