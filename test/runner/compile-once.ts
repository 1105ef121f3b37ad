// Runs a short path through the local stack and all its functions, so that Node compiles them and keeps the compiled
// code.
import { anAlert } from '../e2e/alerts';
import { startEndToEnd } from '../e2e/harness';

const e2e = await startEndToEnd();
try {
  await e2e.enroll('compiled');
  await e2e.publishAlert(anAlert('compiled'));
  await e2e.waitForCase('compiled', 'contained');
  await e2e.waitForQuiet();
} finally {
  await e2e.close();
}
