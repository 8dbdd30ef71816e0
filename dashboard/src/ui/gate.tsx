import { useState } from 'preact/hooks';
import { session } from '../api/session.ts';
import { ProblemNotice } from './states.tsx';
import { Problem } from '../api/problem.ts';
import { Logo } from './icons.tsx';

const refused = new Problem(401, 'UNAUTHORIZED', 'The server does not know this token. Check that it was copied whole.');

/** Asks for a token. The address stays as it is, so that a link to a run leads to the run once the token is given. */
export function Gate({ reason }: { readonly reason: 'missing' | 'refused' }) {
  const [token, setToken] = useState('');
  return (
    <main class="gate" id="main">
      <div class="panel">
        <Logo size={32} />
        <h1>Sign in to Pawl</h1>
        <p class="soft">
          This server asks for a token: one of <code>WORKFLOW_PAWL_TOKENS</code>. It is kept in this tab only.
        </p>
        <form
          style={{ marginTop: '1.25rem' }}
          onSubmit={(event) => {
            event.preventDefault();
            if (token.trim() !== '') session.signIn(token.trim());
          }}
        >
          <div class="field">
            <label for="token">Token</label>
            <input
              id="token"
              class="input mono"
              type="password"
              autocomplete="current-password"
              autofocus
              required
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </div>
          {reason === 'refused' && (
            <div style={{ marginTop: '0.875rem' }}>
              <ProblemNotice problem={refused} />
            </div>
          )}
          <button type="submit" class="button primary" style={{ width: '100%', marginTop: '1rem' }}>
            Sign in
          </button>
        </form>
      </div>
    </main>
  );
}
