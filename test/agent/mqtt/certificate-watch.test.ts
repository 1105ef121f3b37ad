import { watchCertificate } from '../../../agent/mqtt/certificate-watch';

const dayMs = 86_400_000;

describe('a certificate watch', () => {
  let logged: string[];
  const watch = () =>
    watchCertificate((level, event, fields) =>
      logged.push(`${level} ${event} ${fields?.daysLeft ?? ''}`.trim()),
    );
  beforeEach(() => {
    logged = [];
  });

  it('warns 30, 14, 7, 3 days and a day ahead, then each day that it has expired', () => {
    const one = watch();
    one.note(40 * dayMs);
    for (let hour = 0; hour < 42 * 24; hour += 1) one.look(hour * 3_600_000);

    expect(logged).toEqual([
      ...['warn certificate-expires 30', 'warn certificate-expires 14', 'warn certificate-expires 7'],
      ...['warn certificate-expires 3', 'warn certificate-expires 1'],
      ...['error certificate-expired', 'error certificate-expired'],
    ]);
  });

  it('begins again with a renewed certificate', () => {
    const one = watch();
    one.note(dayMs / 2);
    one.look(0);
    one.note(dayMs / 2);
    one.look(0);
    one.note(10 * dayMs);
    one.look(0);

    expect(logged).toEqual(['warn certificate-expires 0', 'warn certificate-expires 10']);
  });

  it('warns in time although the clock was a year ahead before, as it is without a battery', () => {
    const one = watch();
    one.note(400 * dayMs);
    for (const day of [0, 600, 0, 1, 371, 386]) one.look(day * dayMs);

    expect(logged).toEqual([
      'error certificate-expired',
      'warn certificate-expires 29',
      'warn certificate-expires 14',
    ]);
  });
});
