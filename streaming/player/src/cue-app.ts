import { LitElement, css, html, nothing } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { signedOut } from './api';
import { go, parse, watchRoute, type Route } from './route';
import { enter, maySee, mayWrite, signOut, wayBack, type Session } from './session';
import { base } from './style';
import * as icons from './icons';
import './cue-library';
import './cue-sign-in';

/** How long typing must pause before the search runs, in milliseconds. */
const typingPause = 220;

/** The player is most of the bundle, and the library does without it. */
const loadWatch = () => import('./cue-watch');

/** Who may not add videos does without it. */
const loadUploads = () => import('./cue-uploads');

/** The page: the header with the one search box, and below it what the address says. */
@customElement('cue-app')
export class CueApp extends LitElement {
  static override styles = [base, styles()];

  @state() private route: Route = parse(new URL(location.href));
  /** Not known before the server has said it. */
  @state() private session: Session | undefined;
  @state() private problem = '';
  /** Somebody came in who may add videos. What they send is kept for them when their session ends by itself. */
  @state() private writes = false;
  @query('main') private main!: HTMLElement;
  @query('input') private input!: HTMLInputElement;

  private connection = new AbortController();
  private typing = 0;
  /** What the search box was last understood as; what stands in it may have blanks more. */
  private asked = this.route.query;

  override connectedCallback(): void {
    super.connectedCallback();
    this.connection = new AbortController();
    const { signal } = this.connection;
    watchRoute((route) => this.follow(route), signal);
    addEventListener('keydown', (event) => this.onKey(event), { signal });
    addEventListener(signedOut, () => void this.enter(), { signal });
    void this.enter();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.connection.abort();
    clearTimeout(this.typing);
  }

  override firstUpdated(): void {
    this.input.value = this.route.query;
  }

  override render() {
    return html`
      <a class="skip" href="#main" @click=${this.skip}>Skip to the content</a>
      <header>
        <a class="brand" href="/" aria-label="Cuepoint, the library">${icons.logo}<span>Cuepoint</span></a>
        <form role="search" @submit=${this.submit}>
          <label for="q" class="sr">Search every moment</label>
          ${icons.search}
          <input
            id="q"
            type="search"
            placeholder="Search every moment"
            autocomplete="off"
            spellcheck="false"
            maxlength="250"
            @input=${this.type}
          />
          <kbd aria-hidden="true">/</kbd>
        </form>
        <div class="end">
          ${this.writes && this.session ? html`<cue-uploads .session=${this.session}></cue-uploads>` : nothing}
          ${this.session?.signedIn ? html`<button class="out" @click=${this.leave}>Sign out</button>` : nothing}
        </div>
      </header>
      <main id="main" tabindex="-1">${this.session ? this.content(this.session) : nothing}</main>
    `;
  }

  private content(session: Session) {
    const { route } = this;
    if (!maySee(session)) {
      return html`<cue-sign-in
        .problem=${this.problem}
        .provider=${session.provider ?? ''}
        @signed-in=${(event: CustomEvent<Session>) => this.entered(event.detail)}
      ></cue-sign-in>`;
    }
    return route.page === 'watch'
      ? (void loadWatch(), html`<cue-watch .route=${route}></cue-watch>`)
      : html`<cue-library .query=${route.query} .writes=${mayWrite(session)}></cue-library>`;
  }

  private async enter(): Promise<void> {
    const { session, problem } = await enter();
    this.entered(session, problem);
  }

  private entered(session: Session, problem = ''): void {
    this.session = session;
    if (mayWrite(session)) {
      this.writes = true;
      void loadUploads();
    }
    this.problem = session.signedIn && !maySee(session) ? 'this key allows nothing that can be shown here' : problem;
    if (maySee(session) && location.pathname === '/login') go(wayBack());
  }

  private async leave(): Promise<void> {
    if (this.session) await signOut(this.session).catch(() => undefined);
    this.writes = false;
    await this.enter();
  }

  private follow(route: Route): void {
    const before = this.route;
    this.route = route;
    if (route.query !== this.asked) this.input.value = this.asked = route.query;
    if (before.page === route.page && (route.page === 'library' || route.video === (before as typeof route).video)) return;
    scrollTo({ top: 0 });
    this.main.focus({ preventScroll: true });
  }

  private type(): void {
    clearTimeout(this.typing);
    this.typing = window.setTimeout(() => this.search(), typingPause);
  }

  private submit(event: Event): void {
    event.preventDefault();
    clearTimeout(this.typing);
    this.search();
  }

  private search(): void {
    const typed = this.input.value.trim();
    const query = /[\p{L}\p{N}]/u.test(typed) ? typed : ''; // a lone quote is no question yet
    if (query === this.route.query) return;
    this.asked = query;
    go(this.route.page === 'watch' ? { ...this.route, at: undefined, query } : { page: 'library', query });
  }

  private onKey(event: KeyboardEvent): void {
    const target = event.composedPath()[0];
    const writing = target instanceof HTMLElement && target.matches('input, textarea, select');
    if (event.key === '/' && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.input.select();
    } else if (event.key === 'Escape' && target === this.input) {
      this.input.value = '';
      this.search();
    }
  }

  private skip(event: Event): void {
    event.preventDefault();
    this.main.focus();
  }
}

function styles() {
  return css`
    :host {
      min-height: 100svh;
      display: flex;
      flex-direction: column;
    }
    header {
      position: sticky;
      top: 0;
      z-index: 5;
      display: grid;
      grid-template-columns: 1fr minmax(0, 34rem) 1fr;
      align-items: center;
      gap: 1rem;
      height: var(--header);
      padding: 0 var(--gap);
      border-bottom: 1px solid var(--line);
    }
    header::before { /* of the header itself it would hold what is fixed in there */
      content: '';
      position: absolute;
      inset: 0;
      z-index: -1;
      background: color-mix(in srgb, var(--ground) 88%, transparent);
      backdrop-filter: blur(14px);
    }
    .brand {
      display: inline-flex;
      align-items: center;
      gap: 0.6rem;
      justify-self: start;
      font-weight: 650;
      font-size: 1.1rem;
      letter-spacing: -0.015em;
      border-radius: var(--round-small);
    }
    .end {
      justify-self: end;
      display: flex;
      align-items: center;
      gap: 1.25rem;
    }
    .out {
      color: var(--muted);
      white-space: nowrap;
      border-radius: var(--round-small);
    }
    .out:hover {
      color: var(--ink);
    }
    form {
      display: flex;
      align-items: center;
      gap: 0.6rem;
      height: 2.5rem;
      padding: 0 0.9rem;
      border: 1px solid var(--line);
      border-radius: 99px;
      background: var(--surface);
      color: var(--muted);
      transition:
        border-color 0.15s,
        box-shadow 0.15s;
    }
    form svg {
      flex: none;
    }
    form:focus-within {
      border-color: var(--accent);
      box-shadow: 0 0 0 3px color-mix(in srgb, var(--accent) 22%, transparent);
    }
    input {
      flex: 1;
      min-width: 0;
      height: 100%;
      border: 0;
      outline: 0;
      background: none;
      color: var(--ink);
      font: inherit;
    }
    input::placeholder {
      color: var(--muted);
      opacity: 1;
    }
    kbd {
      font: inherit;
      font-size: 0.75rem;
      line-height: 1.4rem;
      min-width: 1.4rem;
      text-align: center;
      border: 1px solid var(--line);
      border-radius: 6px;
    }
    form:focus-within kbd {
      visibility: hidden;
    }
    main {
      flex: 1;
      width: 100%;
      max-width: 100rem;
      margin: 0 auto;
      padding: var(--gap);
      outline: 0;
    }
    .skip {
      position: absolute;
      left: 1rem;
      top: -4rem;
      z-index: 9;
      padding: 0.5rem 1rem;
      border-radius: var(--round-small);
      background: var(--accent);
      color: var(--on-accent);
    }
    .skip:focus {
      top: 0.6rem;
    }
    @media (max-width: 40rem) {
      header {
        grid-template-columns: auto minmax(0, 1fr) auto;
      }
      .brand span,
      kbd {
        display: none;
      }
    }
  `;
}
