import type { ComponentChild } from 'preact';
import { render } from 'preact';
import { createClient } from './api/client';
import { App } from './app';
import { Notice } from './parts/notice';
import { readSetup } from './setup';

const root = document.getElementById('app');
if (root) void start(root);

async function start(element: HTMLElement): Promise<void> {
  try {
    render(await open(), element);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    render(
      <main>
        <Notice tone="danger" title="The console can’t start">
          {why}
        </Notice>
      </main>,
      element,
    );
  }
}

/** An address that was cut off within an escaped character names nothing, and nothing can read it. */
function mendAddress(): void {
  try {
    decodeURIComponent(location.pathname);
  } catch {
    history.replaceState(null, '', location.pathname.replace(/%/g, '%25'));
  }
}

async function open(): Promise<ComponentChild> {
  mendAddress();
  const setup = await readSetup();
  const { api, signIn } = setup;
  if (!signIn) return <App client={createClient({ api })} setup={setup} />;
  // Loaded only where somebody signs in.
  const [{ openSession }, { SignedOutPage }] = await Promise.all([
    import('./sign-in/session'),
    import('./sign-in/signed-out'),
  ]);
  const session = await openSession(signIn);
  if ('why' in session) return <SignedOutPage signedOut={session} />;
  return <App client={createClient({ api, token: session.token })} setup={setup} session={session} />;
}
