import type { FunctionComponent } from 'preact';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { LocationProvider, lazy, Route, Router, useLocation } from 'preact-iso';
import type { Client } from './api/client';
import { ClientContext, useConnection } from './api/live';
import { KeyboardHelp } from './keyboard/help';
import { listenToKeys, useShortcuts } from './keyboard/shortcuts';
import { useNow } from './parts/clock';
import { Icon, type IconName } from './parts/icon';
import { useSteady, watchPointer } from './parts/steady';
import { Toasts } from './parts/toasts';
import type { Setup } from './setup';
import type { Session } from './sign-in/session';
import { NeedsSomebody } from './views/needs-somebody';
import { writeDuration } from './words/time';

// Each view is loaded with the first visit: what somebody at 3 a.m. opens first is small.
const CaseView = view(() => import('./views/case').then(({ CaseView: found }) => found));
const ThingView = view(() => import('./views/thing').then(({ ThingView: found }) => found));
const FleetView = view(() => import('./views/fleet').then(({ FleetView: found }) => found));
const AuditView = view(() => import('./views/audit').then(({ AuditView: found }) => found));
const RulesView = view(() => import('./views/rules').then(({ RulesView: found }) => found));
const MessagesView = view(() => import('./views/messages').then(({ MessagesView: found }) => found));

/** A file of an earlier build no longer exists after a deploy, and a connection may break: an empty page would not say so. */
function view<P>(load: () => Promise<FunctionComponent<P>>) {
  return lazy<FunctionComponent<P>>(() => load().catch(() => NotLoaded));
}

function NotLoaded() {
  return (
    <section class="empty" role="alert">
      <h1>This view could not be loaded</h1>
      <p>Somebody may have deployed another console, or the connection failed.</p>
      <button type="button" class="primary" onClick={() => location.reload()}>
        Load the page again
      </button>
    </section>
  );
}

interface Place {
  readonly path: string;
  readonly name: string;
  readonly key: string;
  readonly icon: IconName;
}

const places: readonly Place[] = [
  { path: '/console', name: 'Needs somebody', key: 'n', icon: 'bell' },
  { path: '/console/fleet', name: 'Fleet', key: 'f', icon: 'fleet' },
  { path: '/console/audit', name: 'Audit', key: 'u', icon: 'audit' },
  { path: '/console/rules', name: 'Rules', key: 'r', icon: 'rules' },
];

const messages: Place = { path: '/console/messages', name: 'Messages', key: 'm', icon: 'mail' };

interface PageProps {
  readonly setup: Setup;
  /** Where somebody signed in here. */
  readonly session?: Session | undefined;
}

export function App({ client, setup, session }: PageProps & { readonly client: Client }) {
  return (
    <ClientContext.Provider value={client}>
      <LocationProvider scope="/console">
        <Page setup={setup} session={session} />
      </LocationProvider>
    </ClientContext.Provider>
  );
}

function Page({ setup, session }: PageProps) {
  const { route, path } = useLocation();
  const [isHelpOpen, setIsHelpOpen] = useState(false);
  const all = setup.messages === undefined ? places : [...places, messages];
  // From the moment that the page is seen.
  useLayoutEffect(listenToKeys, []);
  useLayoutEffect(watchPointer, []);
  useEffect(() => {
    document.title = writeTitle(path, all);
  }, [path]);
  useShortcuts([
    { keys: '?', does: 'Show these shortcuts', run: () => setIsHelpOpen(true) },
    ...all.map((place) => ({
      keys: `g ${place.key}`,
      does: `Go to ${place.name}`,
      run: () => route(place.path),
    })),
  ]);
  // A screen reader starts at the view that was opened, not where the old one was.
  useEffect(() => {
    document.querySelector<HTMLElement>('main')?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [path]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="bar">
        <a class="brand" href="/console">
          <svg viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <circle cx="16" cy="16" r="11" />
            <circle cx="16" cy="16" r="4" class="dot" />
          </svg>
          Cordon
        </a>
        <nav aria-label="Views">
          {all.map((place) => (
            <a key={place.path} href={place.path} aria-current={isHere(place, path) ? 'page' : undefined}>
              <Icon name={place.icon} />
              {place.name}
            </a>
          ))}
        </nav>
        <div class="bar-end">
          <ConnectionState where={setup.where} />
          <button type="button" class="quiet" onClick={() => setIsHelpOpen(true)} aria-keyshortcuts="?">
            <kbd>?</kbd> <span>Shortcuts</span>
          </button>
          {session && (
            <button type="button" class="quiet" title={session.who} onClick={session.signOut}>
              Sign out
            </button>
          )}
        </div>
      </header>
      <LostConnection session={session} />
      <main id="main" tabIndex={-1}>
        <Router>
          <Route path="/console" component={NeedsSomebody} />
          <Route path="/console/cases/:thing" component={CaseView} />
          <Route path="/console/cases/:thing/:caseId" component={CaseView} />
          <Route path="/console/things/:thing" component={ThingView} />
          <Route path="/console/fleet" component={FleetView} />
          <Route path="/console/audit" component={AuditView} />
          <Route path="/console/rules" component={RulesView} />
          <Route path="/console/messages" component={() => <MessagesView address={setup.messages} />} />
          <Route default component={NotFound} />
        </Router>
      </main>
      <Toasts />
      {isHelpOpen && <KeyboardHelp onClose={() => setIsHelpOpen(false)} />}
    </>
  );
}

/** A title that tells several tabs apart. */
function writeTitle(path: string, all: readonly Place[]): string {
  const [, thing] = /^\/console\/(?:cases|things)\/([^/]+)/.exec(path) ?? [];
  const name =
    thing === undefined ? all.find((place) => place.path === path)?.name : decodeURIComponent(thing);
  return name === undefined ? 'Cordon' : `${name} · Cordon`;
}

/** A case or a thing is a part of the list that led there. */
function isHere({ path }: Place, current: string): boolean {
  if (path !== '/console') return current === path;
  return current === path || /^\/console\/(cases|things)\//.test(current);
}

function ConnectionState({ where }: { readonly where: string | undefined }) {
  const { state } = useConnection();
  const words = {
    connecting: 'Connecting',
    live: 'Live',
    lost: 'No connection',
    failing: 'API error',
    'signed-out': 'Signed out',
  }[state];
  return (
    <span class={`connection is-${state}`} title={where}>
      <i aria-hidden="true" />
      {words}
    </span>
  );
}

/** Old data must not look like news. */
function LostConnection({ session }: Pick<PageProps, 'session'>) {
  const { state, lastAt, why } = useSteady(useConnection(), 'connection');
  const now = useNow();
  if (state === 'connecting' || state === 'live') return null;
  const title = {
    lost: 'No connection.',
    failing: 'The API has an error.',
    'signed-out': 'You are signed out.',
  }[state];
  const ageMs = lastAt === undefined ? undefined : Math.max(1_000, now - lastAt);
  const age = ageMs === undefined ? '' : ` What you see is ${writeDuration(ageMs)} old.`;
  return (
    <div class="banner tone-danger" role="alert">
      <strong>{title}</strong> {why?.replace(/[^.!?)]$/, '$&.')}
      <span aria-live="off">{age}</span>
      {state !== 'signed-out' && ' Trying again.'}
      {state === 'signed-out' && session && (
        <button type="button" onClick={session.signInAgain}>
          Sign in again
        </button>
      )}
    </div>
  );
}

function NotFound() {
  return (
    <section class="empty">
      <h1>No such page</h1>
      <p>
        <a href="/console">See what needs somebody</a>
      </p>
    </section>
  );
}
