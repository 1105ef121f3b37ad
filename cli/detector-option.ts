import { Option } from 'commander';

/** Which detector the stack was deployed with, as several commands need to know it. */
export function detectorOption(): Option {
  return new Option(
    '--detector <name>',
    'the detector that the stack was deployed with, if it differs from the file',
  ).choices(['cordon', 'device-defender', 'both']);
}
