import { Option } from 'commander';

/** The detector that the stack was deployed with; several commands need it. */
export function detectorOption(): Option {
  return new Option(
    '--detector <name>',
    'the detector that the stack was deployed with, if it differs from the file',
  ).choices(['cordon', 'device-defender', 'both']);
}
