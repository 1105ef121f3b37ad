import { useLive } from '../api/live';

/** The Slack and e-mail messages that the local stack captured, in a page of its own because their text is others'. */
export function MessagesView({ address }: { readonly address: string | undefined }) {
  // The page shows whether the API answers, and nothing else here asks it.
  useLive('/me', 10_000);
  if (address === undefined) return <p>Only the local stack captures messages.</p>;
  return (
    <section class="view">
      <h1>Messages</h1>
      <p class="quiet">Slack and e-mail, as the local stack captured them. Buttons work.</p>
      <iframe class="messages" title="Captured Slack and e-mail messages" src={address} />
    </section>
  );
}
