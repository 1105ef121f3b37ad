import { type Asking, createNeed } from '../asking';
import { type KnownFacts, ownsCertificate } from '../facts';
import type { Finding } from '../findings/finding';
import type { ForeignReporter, ReporterHeld } from './reasons';
import { maxNamed } from './shared-objects';

export interface ReporterQuestions {
  /** Which held things use this certificate? */
  holders(about: { readonly certificateId: string }): readonly string[];
}

const need = createNeed<ReporterQuestions>();

/** The report may be forged: it is from a certificate that is not the thing's own, such as that of another thing. */
export function* findForeignReporter(
  { reporter }: Finding,
  facts: KnownFacts,
): Asking<ReporterQuestions, ForeignReporter | ReporterHeld | undefined> {
  if (!reporter || ownsCertificate(facts, reporter.principal)) return undefined;
  const holders = yield* need('holders', { certificateId: reporter.principal });
  return holders.length > 0
    ? { code: 'reporter-held', heldBy: holders.slice(0, maxNamed) }
    : { code: 'foreign-reporter' };
}
