import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { idOf, searchMoments, type Moment } from './api';
import { href } from './route';
import { clock, seconds, spoken } from './time';
import { sentence } from './state';
import { base, notice } from './style';
import * as icons from './icons';

/** What people call the kinds of moment that need a name beside the snippet. */
const kinds: Record<string, string> = { chapter: 'Chapter', shot: 'Shot', text: 'On screen' };

/** The moments that hold a query's words, in one video or in all of them but one. */
@customElement('cue-moments')
export class CueMoments extends LitElement {
  static override styles = [base, notice, styles()];

  @property() query = '';
  /** Only in this video. */
  @property() video = '';
  /** In every video but this one. */
  @property() except = '';
  /** A name for the list; it then stays away while it has nothing to show. */
  @property() heading = '';
  @state() private moments: Moment[] | undefined;
  @state() private problem = '';

  private work = new AbortController();

  override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('query') || changed.has('video') || changed.has('except')) void this.search();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.work.abort();
  }

  override render() {
    const { moments, problem } = this;
    if (problem) {
      return html`<div class="notice bad" role="alert">${icons.alert}<div><strong>The search did not work</strong>${sentence(problem)}</div></div>`;
    }
    if (moments === undefined) return nothing;
    if (moments.length === 0 && this.except) return nothing;
    return html`
      ${this.heading ? html`<h3>${this.heading}</h3>` : nothing}
      <p class=${moments.length > 0 ? 'sr' : 'none'} role="status">
        ${moments.length > 0 ? `${moments.length} found` : `No moment holds all of these words${this.video ? ' here' : ''}.`}
      </p>
      <ol>
        ${moments.map((moment) => this.row(moment))}
      </ol>
    `;
  }

  private row(moment: Moment) {
    const start = seconds(moment.startOffset);
    const kind = kinds[moment.kind];
    const target = href({ page: 'watch', video: idOf(moment.video), at: start, query: this.query });
    return html`<li>
      <a href=${target}>
        <div class="picture">
          ${moment.thumbnailUri ? html`<img src=${moment.thumbnailUri} alt="" loading="lazy" decoding="async" />` : icons.sound}
          <span class="length time"><span class="sr">at ${spoken(start)}</span><span aria-hidden="true">${clock(start)}</span></span>
        </div>
        <div>
          <p class="snippet">
            ${(moment.snippet ?? []).map((part) => (part.hit ? html`<mark>${part.text}</mark>` : part.text))}
          </p>
          <p class="where">${[kind, this.video ? '' : moment.videoTitle].filter(Boolean).join(' · ')}</p>
        </div>
      </a>
    </li>`;
  }

  private async search(): Promise<void> {
    this.work.abort();
    this.work = new AbortController();
    const { signal } = this.work;
    try {
      const found = await searchMoments(this.query, this.video || undefined, signal);
      const moments = found.moments ?? [];
      this.moments = this.except ? moments.filter((moment) => idOf(moment.video) !== this.except) : moments;
      this.problem = '';
    } catch (error) {
      if (signal.aborted) return;
      this.problem = (error as Error).message;
    }
  }
}

function styles() {
  return css`
    h3 {
      padding: 0.25rem 0.6rem 0.4rem;
      font-size: 0.8rem;
      font-weight: 600;
      color: var(--muted);
    }
    ol {
      display: grid;
      gap: 0.25rem;
    }
    a {
      display: grid;
      grid-template-columns: 8.5rem minmax(0, 1fr);
      gap: 0.9rem;
      align-items: center;
      padding: 0.5rem;
      border-radius: var(--round);
    }
    a:hover {
      background: var(--sunken);
    }
    .picture {
      position: relative;
      display: grid;
      place-items: center;
      aspect-ratio: 16 / 9;
      border-radius: var(--round-small);
      overflow: hidden;
      background: linear-gradient(150deg, var(--accent-soft), var(--sunken));
      color: var(--accent);
    }
    .picture img {
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
    .length {
      position: absolute;
      right: 0.3rem;
      bottom: 0.3rem;
      padding: 0 0.35rem;
      border-radius: 5px;
      background: rgb(0 0 0 / 78%);
      color: #fff;
      font-size: 0.75rem;
      font-weight: 550;
    }
    .snippet {
      line-height: 1.45;
      overflow-wrap: anywhere;
      display: -webkit-box;
      -webkit-line-clamp: 3;
      -webkit-box-orient: vertical;
      overflow: hidden;
    }
    mark {
      background: var(--mark);
      color: var(--mark-ink);
      border-radius: 3px;
      padding: 0 0.1em;
    }
    .where {
      margin-top: 0.15rem;
      font-size: 0.85rem;
      color: var(--muted);
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    .none {
      padding: 0.6rem;
      color: var(--muted);
    }
    :host([compact]) a {
      grid-template-columns: 6.5rem minmax(0, 1fr);
      gap: 0.75rem;
    }
    :host([compact]) .snippet {
      font-size: 0.925rem;
    }
    @media (max-width: 30rem) {
      a {
        grid-template-columns: 6.5rem minmax(0, 1fr);
        gap: 0.75rem;
      }
    }
  `;
}
