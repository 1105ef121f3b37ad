/** The names of a channel in the stack. */

/** The first channel had no name of its own: its function and queue keep theirs, so that an upgrade loses no message. */
const first = 'slack';

/** The name of function and queue, behind `cordon-STAGE-`. */
export function nameFunction(channel: string): string {
  return channel === first ? 'notify' : `notify-${channel}`;
}

/** The name of a variable in a function's environment. */
export function nameVariable(channel: string, what: 'PARAMETER' | 'BUTTONS_PARAMETER' | 'API_URL'): string {
  return `${channel.toUpperCase().replaceAll('-', '_')}_${what}`;
}

/** `pager-duty` -> `PagerDuty` */
export function toPascalCase(name: string): string {
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
