import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Segment } from './api';
import { href } from './route';
import { clock, seconds, spoken } from './time';
import { base } from './style';
import * as icons from './icons';

/** What was said, line by line, each a link to where it was said. It scrolls along with the playback. */
@customElement('cue-transcript')
export class CueTranscript extends LitElement {
  static override styles = [base, styles()];

  @property({ attribute: false }) segments: Segment[] = [];
  @property() video = '';
  /** The search to keep in the links. */
  @property() query = '';
  /** The index of the segment being played, -1 before the first. */
  @property({ type: Number }) current = -1;
  /** Off as soon as the reader scrolls away by hand. */
  @state() private following = true;
  @query('ol') private list!: HTMLElement;

  override render() {
    return html`
      <ol
        tabindex="0"
        aria-label="Transcript"
        @wheel=${this.letGo}
        @touchmove=${this.letGo}
        @keydown=${this.onKey}
      >
        ${this.segments.map((segment, index) => this.row(segment, index === this.current))}
      </ol>
      ${this.following || this.current < 0
        ? nothing
        : html`<button @click=${this.followAgain}>${icons.follow} Back to what is said now</button>`}
    `;
  }

  override updated(changed: Map<string, unknown>): void {
    if (this.following && (changed.has('current') || changed.has('following'))) this.scrollToCurrent();
  }

  private row(segment: Segment, current: boolean) {
    const start = seconds(segment.startOffset);
    return html`<li>
      <a
        href=${href({ page: 'watch', video: this.video, at: start, query: this.query })}
        aria-current=${current ? 'true' : nothing}
      >
        <span class="time"><span class="sr">at ${spoken(start)}</span><span aria-hidden="true">${clock(start)}</span></span>
        <span>${segment.text}</span>
      </a>
    </li>`;
  }

  private scrollToCurrent(): void {
    const row = this.list.children[this.current];
    if (!(row instanceof HTMLElement)) return;
    const top = row.offsetTop - this.list.offsetTop - this.list.clientHeight / 3;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.list.scrollTo({ top, behavior: calm ? 'auto' : 'smooth' });
  }

  private letGo(): void {
    this.following = false;
  }

  private followAgain(): void {
    this.following = true;
  }

  private onKey(event: KeyboardEvent): void {
    if (['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End'].includes(event.key)) this.letGo();
  }
}

function styles() {
  return css`
    :host {
      position: relative;
      display: flex;
      flex-direction: column;
      min-height: 0;
    }
    ol {
      position: relative;
      flex: 1;
      overflow-y: auto;
      overscroll-behavior: contain;
      padding: 0.5rem;
      scrollbar-width: thin;
      scrollbar-color: var(--line) transparent;
    }
    ol:focus-visible {
      outline-offset: -2px;
      border-radius: var(--round);
    }
    li {
      content-visibility: auto;
      contain-intrinsic-size: auto 2.75rem;
    }
    a {
      display: grid;
      grid-template-columns: 3.1rem minmax(0, 1fr);
      gap: 0.5rem;
      padding: 0.5rem 0.6rem;
      border-radius: var(--round-small);
      line-height: 1.45;
      overflow-wrap: anywhere;
    }
    a:focus-visible {
      outline-offset: -2px;
    }
    .time {
      font-size: 0.825rem;
      line-height: 1.6;
      color: var(--muted);
    }
    a:hover {
      background: var(--sunken);
    }
    a[aria-current] {
      background: var(--accent-soft);
      font-weight: 550;
    }
    a[aria-current] .time {
      color: var(--accent);
    }
    button {
      position: absolute;
      left: 50%;
      bottom: 0.9rem;
      translate: -50% 0;
      display: inline-flex;
      align-items: center;
      gap: 0.4rem;
      padding: 0.45rem 1rem;
      border-radius: 99px;
      background: var(--accent);
      color: var(--on-accent);
      font-size: 0.875rem;
      font-weight: 600;
      box-shadow: var(--shadow);
      white-space: nowrap;
    }
  `;
}
