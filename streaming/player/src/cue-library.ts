import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { idOf, listVideos, videoAdded, type Video } from './api';
import { href } from './route';
import { clock, date, seconds, spoken } from './time';
import { inWork, sentence, standing } from './state';
import { base, notice } from './style';
import * as icons from './icons';
import './cue-moments';

/** How often the list is fetched again while something in it is being worked on, in milliseconds. */
const refresh = 3000;

/** The library: every video as a card, or the moments that a search found in all of them. */
@customElement('cue-library')
export class CueLibrary extends LitElement {
  static override styles = [base, notice, styles()];

  @property() query = '';
  /** Whoever sees this may add videos. */
  @property({ type: Boolean }) writes = false;
  @state() private videos: Video[] | undefined;
  @state() private next = '';
  @state() private problem = '';

  private work = new AbortController();
  private timer = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    document.title = 'Cuepoint';
    this.work = new AbortController();
    addEventListener(videoAdded, () => void this.load(), { signal: this.work.signal });
    void this.load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.work.abort();
    clearTimeout(this.timer);
  }

  override render() {
    if (this.query) {
      return html`<h1>Moments with “${this.query}”</h1>
        <cue-moments class="found" .query=${this.query}></cue-moments>`;
    }
    return html`<h1>Library</h1>
      ${this.problem
        ? html`<div class="notice bad" role="alert">
            ${icons.alert}
            <div><strong>The library could not be read</strong>${sentence(this.problem)}<br /><button @click=${this.load}>Try again</button></div>
          </div>`
        : nothing}
      ${this.videos?.length === 0 ? this.empty() : nothing}
      <ul class="grid" aria-busy=${this.videos === undefined && !this.problem}>
        ${repeat(this.videos ?? [], (video) => video.name, card)}
      </ul>
      ${this.next ? html`<button class="more" @click=${this.more}>Show more</button>` : nothing}`;
  }

  private empty() {
    return html`<div class="empty">
      ${icons.film}
      <h2>Nothing here yet</h2>
      ${this.writes
        ? html`<p>Drop a video anywhere on this page, and it appears here, ready to play, read and search. Or, on the server’s machine:</p>`
        : html`<p>Analyze a video and it appears on this page, ready to play, read and search.</p>`}
      <code>cuepoint analyze holiday.mp4</code>
    </div>`;
  }

  /** Fetches the first page; comes back by itself while a video is being worked on. */
  private async load(): Promise<void> {
    clearTimeout(this.timer);
    const { signal } = this.work;
    try {
      const page = await listVideos('', signal);
      const fresh = page.videos ?? [];
      const known = new Set(fresh.map((video) => video.name));
      const paged = (this.videos ?? []).length > fresh.length;
      this.videos = paged ? [...fresh, ...this.videos!.filter((video) => !known.has(video.name))] : fresh;
      if (!paged) this.next = page.nextPageToken ?? '';
      this.problem = '';
    } catch (error) {
      if (signal.aborted) return;
      this.problem = (error as Error).message;
    }
    if (this.videos?.some(inWork)) this.timer = window.setTimeout(() => void this.load(), refresh);
  }

  private async more(): Promise<void> {
    const { signal } = this.work;
    try {
      const page = await listVideos(this.next, signal);
      this.videos = [...(this.videos ?? []), ...(page.videos ?? [])];
      this.next = page.nextPageToken ?? '';
    } catch (error) {
      if (!signal.aborted) this.problem = (error as Error).message;
    }
  }
}

function card(video: Video) {
  const { playback } = video;
  const length = seconds(video.duration);
  const state = standing(video);
  return html`<li>
    <a href=${href({ page: 'watch', video: idOf(video.name), at: undefined, query: '' })}>
      <div class="picture ${playback?.posterUri ? '' : 'blank'}">
        ${playback?.posterUri
          ? html`<img src=${playback.posterUri} alt="" loading="lazy" decoding="async" />`
          : playback
            ? icons.sound
            : icons.film}
        ${length > 0
          ? html`<span class="length time"><span class="sr">${spoken(length)}</span><span aria-hidden="true">${clock(length)}</span></span>`
          : nothing}
      </div>
      <h2>${video.title}</h2>
      ${state
        ? html`<p class="state ${state.tone}"><b>${state.label}</b> ${state.reason}</p>`
        : html`<p>${date(video.createTime)}</p>`}
    </a>
  </li>`;
}

function styles() {
  return css`
    h1 {
      font-size: 1.5rem;
      font-weight: 650;
      letter-spacing: -0.02em;
      line-height: 1.25;
      margin: 0.25rem 0 var(--gap);
      overflow-wrap: anywhere;
    }
    .found {
      max-width: 60rem;
    }
    .grid {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr));
      gap: calc(var(--gap) * 1.15) var(--gap);
    }
    .notice {
      margin-bottom: var(--gap);
    }
    a {
      display: block;
      border-radius: var(--round);
    }
    .picture {
      position: relative;
      display: grid;
      place-items: center;
      aspect-ratio: 16 / 9;
      border-radius: var(--round);
      overflow: hidden;
      background: var(--sunken);
      box-shadow: var(--shadow);
    }
    .picture.blank {
      background: linear-gradient(150deg, var(--accent-soft), var(--sunken));
      color: var(--accent);
    }
    .picture img {
      width: 100%;
      height: 100%;
      object-fit: contain;
      transition: transform 0.3s ease;
    }
    a:hover img {
      transform: scale(1.025);
    }
    .length {
      position: absolute;
      right: 0.5rem;
      bottom: 0.5rem;
      padding: 0.05rem 0.45rem;
      border-radius: 6px;
      background: rgb(0 0 0 / 78%);
      color: #fff;
      font-size: 0.8rem;
      font-weight: 550;
    }
    h2 {
      margin-top: 0.7rem;
      font-size: 1rem;
      font-weight: 600;
      line-height: 1.35;
      overflow-wrap: anywhere;
      display: -webkit-box;
      -webkit-line-clamp: 2;
      -webkit-box-orient: vertical;
      overflow: hidden;
    }
    a:hover h2 {
      color: var(--accent);
    }
    p {
      margin-top: 0.15rem;
      font-size: 0.875rem;
      color: var(--muted);
    }
    .state {
      display: -webkit-box;
      -webkit-line-clamp: 3;
      -webkit-box-orient: vertical;
      overflow: hidden;
    }
    .state b {
      font-weight: 600;
      color: var(--accent);
    }
    .state.warn b {
      color: var(--warn);
    }
    .state.bad b {
      color: var(--bad);
    }
    .empty {
      display: grid;
      justify-items: center;
      gap: 0.75rem;
      padding: clamp(3rem, 12vh, 8rem) 1rem;
      text-align: center;
      color: var(--muted);
    }
    .empty h2 {
      margin: 0;
      font-size: 1.25rem;
      color: var(--ink);
    }
    code {
      padding: 0.5rem 0.9rem;
      border-radius: var(--round-small);
      background: var(--sunken);
      color: var(--ink);
      font-size: 0.9rem;
    }
    .more {
      display: block;
      margin: calc(var(--gap) * 1.5) auto 0;
      padding: 0.5rem 1.4rem;
      border: 1px solid var(--line);
      border-radius: 99px;
      background: var(--surface);
    }
    .more:hover {
      border-color: var(--accent);
    }
  `;
}
