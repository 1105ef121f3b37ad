import { findStageFault } from '../../../shared/config/stage';

it.each(['dev', 'eu-prod', 'p', 'a-1-b', 'eu-central-1-production', 'devices', 'a23456789012345678901234'])(
  'the stage %s is accepted',
  (stage) => {
    expect(findStageFault(stage)).toBeUndefined();
  },
);

it.each([
  '',
  'Prod',
  'eu_prod',
  'eu--prod',
  '-eu',
  'eu-',
  '1eu',
  '../x',
  'eu prod',
  'eu\n',
  'a234567890123456789012345',
])('the stage %j is refused, with what is expected', (stage) => {
  expect(findStageFault(stage)).toBe(
    `stage ${stage}: expected up to 24 of a-z, 0-9 and single hyphens, such as dev or eu-prod`,
  );
});

it.each(['eu-device', 'eu-device-a'])(
  'the stage %s is refused, because a policy of a device of stage eu could have its names',
  (stage) => {
    expect(findStageFault(stage)).toContain('has no "-device" in its name');
  },
);
