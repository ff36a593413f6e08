import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import * as icons from './icons';
import { leave, messageOf, signIn } from './session';
import { sentence } from './state';
import { base, notice } from './style';

/** Asks for a key, or leads to where else one may sign in. Fires `signed-in` with the session as its detail. */
@customElement('cue-sign-in')
export class CueSignIn extends LitElement {
  static override styles = [base, notice, styles()];

  /** What went wrong before it was asked. */
  @property() problem = '';
  /** The name of where else; empty for nowhere. */
  @property() provider = '';
  @state() private busy = false;
  @query('input') private input!: HTMLInputElement;

  override render() {
    return html`
      <h1>Sign in</h1>
      ${this.provider
        ? html`<button class="provider" ?disabled=${this.busy} @click=${this.leave}>Sign in with ${this.provider}</button>`
        : nothing}
      <p>${this.provider ? 'Or open' : 'Open'} the link that <code>cuepoint serve</code> printed when it started, or paste a key.</p>
      <form @submit=${this.submit}>
        <label for="key">Key</label>
        <input id="key" type="password" autocomplete="current-password" spellcheck="false" required placeholder="ck_…" />
        <button ?disabled=${this.busy}>Sign in</button>
      </form>
      <div role="alert">
        ${this.problem ? html`<p class="notice bad">${icons.alert}<span>${sentence(this.problem)}</span></p>` : nothing}
      </div>
      <p class="hint">On the server’s machine, <code>cuepoint keys create --scopes=admin</code> makes a key.</p>
    `;
  }

  private async leave(): Promise<void> {
    this.busy = true;
    try {
      await leave();
    } catch (error) {
      this.problem = messageOf(error);
    } finally {
      this.busy = false;
    }
  }

  private async submit(event: Event): Promise<void> {
    event.preventDefault();
    this.busy = true;
    try {
      const session = await signIn(this.input.value.trim());
      this.dispatchEvent(new CustomEvent('signed-in', { detail: session }));
    } catch (error) {
      this.problem = messageOf(error);
      this.input.select();
    } finally {
      this.busy = false;
    }
  }
}

function styles() {
  return css`
    :host {
      max-width: 30rem;
      margin: 8vh auto 0;
      display: grid;
      gap: 1.1rem;
      line-height: 1.5;
    }
    h1 {
      font-size: 1.6rem;
      letter-spacing: -0.02em;
    }
    form {
      display: grid;
      grid-template-columns: 1fr auto;
      gap: 0.4rem 0.6rem;
    }
    label {
      grid-column: 1 / -1;
      font-weight: 600;
    }
    input {
      min-width: 0;
      height: 2.75rem;
      padding: 0 0.9rem;
      border: 1px solid var(--line);
      border-radius: var(--round-small);
      background: var(--surface);
      color: var(--ink);
      font: inherit;
    }
    input::placeholder {
      color: var(--muted);
      opacity: 1;
    }
    .provider {
      height: 2.75rem;
    }
    .provider,
    form button {
      padding: 0 1.2rem;
      border-radius: var(--round-small);
      background: var(--accent);
      color: var(--on-accent);
      font-weight: 600;
    }
    .hint {
      color: var(--muted);
      font-size: 0.9rem;
    }
  `;
}
