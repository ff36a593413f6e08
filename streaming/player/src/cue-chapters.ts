import { LitElement, css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Chapter, Shot } from './api';
import { href } from './route';
import { clock, indexAt, seconds, spoken } from './time';
import { base } from './style';

/** A video's chapters as cards, each a link to where it begins. */
@customElement('cue-chapters')
export class CueChapters extends LitElement {
  static override styles = [base, styles()];

  @property({ attribute: false }) chapters: Chapter[] = [];
  /** Gives the cards their pictures. */
  @property({ attribute: false }) shots: Shot[] = [];
  @property() video = '';
  /** The search to keep in the links. */
  @property() query = '';
  /** The index of the chapter being played, -1 before the first. */
  @property({ type: Number }) current = -1;

  override render() {
    const starts = this.shots.map((shot) => seconds(shot.startOffset));
    return html`
      <h2 id="title">Chapters</h2>
      <ol aria-labelledby="title">
        ${this.chapters.map((chapter, index) => {
          const start = seconds(chapter.startOffset);
          return this.card(chapter, index === this.current, this.picture(starts, start, seconds(chapter.endOffset)));
        })}
      </ol>
    `;
  }

  override updated(changed: Map<string, unknown>): void {
    if (!changed.has('current')) return;
    // On small screens the cards are a strip: keep the current one in sight.
    const strip = this.renderRoot.querySelector('ol')!;
    const card = strip.children[this.current];
    if (!(card instanceof HTMLElement) || strip.scrollWidth <= strip.clientWidth) return;
    strip.scrollTo({ left: card.offsetLeft - strip.offsetLeft - 16, behavior: 'smooth' });
  }

  private card(chapter: Chapter, current: boolean, picture: string | undefined) {
    const start = seconds(chapter.startOffset);
    return html`<li>
      <a
        href=${href({ page: 'watch', video: this.video, at: start, query: this.query })}
        aria-current=${current ? 'true' : nothing}
      >
        ${picture ? html`<img src=${picture} alt="" loading="lazy" decoding="async" />` : nothing}
        <span class="title">${chapter.title}</span>
        <span class="time ${picture ? 'on-picture' : ''}"><span class="sr">at ${spoken(start)}</span><span aria-hidden="true">${clock(start)}</span></span>
      </a>
    </li>`;
  }

  /** The frame of the shot that the chapter begins in, or of the next one where that ends at once. */
  private picture(starts: number[], start: number, end: number): string | undefined {
    let index = indexAt(starts, start);
    const next = starts[index + 1];
    if (next !== undefined && next < end && next - start < 1) index++;
    return this.shots[index]?.thumbnailUri || undefined;
  }
}

function styles() {
  return css`
    h2 {
      margin-bottom: 0.75rem;
      font-size: 1.05rem;
      font-weight: 650;
      letter-spacing: -0.01em;
    }
    ol {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(9rem, 100%), 1fr));
      gap: 0.85rem;
    }
    a {
      position: relative;
      display: flex;
      flex-direction: column;
      height: 100%;
      padding: 0.4rem;
      border-radius: var(--round);
      border: 1px solid transparent;
      background: var(--surface);
      box-shadow: var(--shadow);
    }
    a:hover {
      border-color: var(--line);
    }
    a[aria-current] {
      border-color: var(--accent);
      background: var(--accent-soft);
    }
    img {
      width: 100%;
      aspect-ratio: 16 / 9;
      object-fit: cover;
      border-radius: var(--round-small);
      background: #000;
      margin-bottom: 0.5rem;
    }
    .title {
      padding: 0.1rem 0 0.25rem 0.3rem;
      font-size: 0.925rem;
      font-weight: 600;
      line-height: 1.3;
      overflow-wrap: anywhere;
    }
    .time {
      padding: 0 0.3rem 0.2rem;
      font-size: 0.825rem;
      color: var(--muted);
    }
    .on-picture {
      position: absolute;
      left: 0.75rem;
      top: 0.75rem;
      padding: 0 0.35rem;
      border-radius: 5px;
      background: rgb(0 0 0 / 78%);
      color: #fff;
      font-size: 0.75rem;
      font-weight: 550;
    }
    a[aria-current] .title {
      color: var(--accent);
    }
    @media (max-width: 40rem) {
      ol {
        grid-template-columns: none;
        grid-auto-flow: column;
        grid-auto-columns: 10.5rem;
        overflow-x: auto;
        scroll-snap-type: x proximity;
        margin: 0 calc(var(--gap) * -1);
        padding: 0.25rem var(--gap) 0.75rem;
        scrollbar-width: none;
      }
      li {
        scroll-snap-align: start;
        scroll-margin: var(--gap);
      }
    }
  `;
}
