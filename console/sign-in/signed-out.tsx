import { Notice } from '../parts/notice';
import type { SignedOut } from './session';

/** Where nobody is signed in: why, and the way in. */
export function SignedOutPage({ signedOut: { why, isFault, signIn } }: { readonly signedOut: SignedOut }) {
  return (
    <main>
      <h1>Cordon</h1>
      <Notice tone={isFault ? 'danger' : 'quiet'} title={isFault ? 'You are not signed in' : why}>
        {isFault && why}
      </Notice>
      <p>
        <button type="button" class="primary" onClick={signIn}>
          Sign in
        </button>
      </p>
    </main>
  );
}
