import { writeDeviceDefender } from '../../../infra/template/device-defender';
import { parseConfiguration } from '../../../shared/config/parse';

const long = `a${'-_:'.repeat(42)}b`;

/** Names that are close to each other, of at most 128 characters. */
const names = ['a-b', 'ax2dxb', 'a_b', 'ax2dx2dxb', 'axx2dxb', 'fox', 'x', long, `${long.slice(0, -1)}c`];

function configure() {
  const profiles = names.map(
    (name, index) =>
      `  "${name}": { targets: [thinggroup/g${index}], behaviors: [{ name: b, metric: aws:num-connection-attempts, criteria: { comparisonOperator: greater-than, value: { count: 1 }, durationSeconds: 300 } }] }`,
  );
  return parseConfiguration(
    `detector: device-defender\nsecurityProfiles:\n${profiles.join('\n')}\nplaybooks: [{ name: rest, mode: observe }]\n`,
    'cordon.yml',
  );
}

describe('what the stack has of Device Defender', () => {
  const profiles = Object.entries(writeDeviceDefender('cordon-dev', configure())).filter(
    ([, { Type }]) => Type === 'AWS::IoT::SecurityProfile',
  );

  it('is a resource for each profile, however close their names are, with an id that CloudFormation takes', () => {
    expect(profiles.map(([, { Properties }]) => Properties.SecurityProfileName)).toEqual(names);
    for (const [id] of profiles) expect(id).toMatch(/^[a-zA-Z0-9]{1,255}$/);
  });

  it('keeps the ids of a deployed stack', () => {
    expect(profiles.map(([id]) => id)).toEqual(
      expect.arrayContaining(['Profileax2dxb', 'Profileax5fxb', 'Profilefox', 'Profilex']),
    );
  });
});
