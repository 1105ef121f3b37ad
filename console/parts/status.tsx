import type { CaseStatus } from '../api/types';
import { statusWords } from '../words/status';

/** Each status has a shape of its own, since some people can't tell the colours apart. */
const shapes: Readonly<Record<CaseStatus, string>> = {
  'containment-failed': 'M8 1.5 15 14H1z M7.2 6h1.6v4H7.2z M7.2 11.2h1.6v1.6H7.2z',
  'release-conflict': 'M5 1h6l4 4v6l-4 4H5l-4-4V5z M7.2 4h1.6v5H7.2z M7.2 10.4h1.6V12H7.2z',
  'awaiting-approval': 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z M7.2 4v4.6l3.4 2 .8-1.3-2.7-1.6V4z',
  containing: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z M8 3v10A5 5 0 0 1 8 3z',
  releasing: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z M8 3a5 5 0 0 1 0 10z',
  contained: 'M2 2h12v12H2z M5.2 5.2v5.6h5.6V5.2z',
  observed: 'M8 1a7 7 0 1 1 0 14A7 7 0 0 1 8 1z M8 3a5 5 0 1 0 0 10A5 5 0 0 0 8 3z',
  closed: 'M2.2 8.6 3.6 7.2 6.6 10.2 12.6 3.6 14 5 6.6 13z',
};

export function Status({ status }: { readonly status: CaseStatus }) {
  const { word, tone } = statusWords[status];
  return (
    <span class={`status tone-${tone}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path fill-rule="evenodd" d={shapes[status]} />
      </svg>
      {word}
    </span>
  );
}

export function Severity({ severity }: { readonly severity: string }) {
  const level = { critical: 4, high: 3, medium: 2, low: 1 }[severity] ?? 0;
  return (
    <span class={`severity severity-${severity}`}>
      <span class="bars" aria-hidden="true">
        {[1, 2, 3, 4].map((bar) => (
          <i key={bar} class={bar <= level ? 'on' : ''} />
        ))}
      </span>
      {severity}
    </span>
  );
}
