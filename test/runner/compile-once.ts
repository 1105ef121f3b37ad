// Has Node compile the local stack and its functions, and keep that, by the shortest way through all of them.
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
