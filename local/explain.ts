import { StartError } from './start-error';

/** What `npm start` prints about an error that ended it: what to do, if that is known, else the stack trace. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Everything here connects to 127.0.0.1, so this names whatever was first.
  if (/\bENETUNREACH 127\.0\.0\.1\b/.test(error.message))
    return `${error.message}: the loopback interface is down: bring it up (ip link set lo up)`;
  if (error instanceof StartError || error.name === 'TemplateError') return error.message;
  const { code, syscall }: NodeJS.ErrnoException = error;
  if (syscall !== 'listen') return error.stack ?? error.message;
  const wanted = code === 'EACCES' ? 'one from 1024' : 'a free one';
  return `cannot open a port (${error.message}): set CORDON_PORT or CORDON_MQTT_PORT to ${wanted}, or leave them out`;
}
