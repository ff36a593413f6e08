import { LitElement, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { keyed } from 'lit/directives/keyed.js';
import { ApiError, getTranscript, getVideo, type Transcript, type Video } from './api';
import { languageName } from './language';
import { href, type Route } from './route';
import { inWork, sentence, standing, statusLabel } from './state';
import { clock, date, indexAt, seconds } from './time';
import { base, notice } from './style';
import { watchStyles } from './watch-style';
import * as icons from './icons';
import type { CuePlayer } from './cue-player';
import './cue-chapters';
import './cue-moments';
import './cue-player';
import './cue-transcript';

/** How often a video that is being worked on is fetched again, in milliseconds. */
const refresh = 3000;

/** A seek lands this close before a cue at worst, in seconds; the cue then counts as reached. */
const slack = 0.05;

/** One video: the player, its chapters, its transcript, and what a search found. */
@customElement('cue-watch')
export class CueWatch extends LitElement {
  static override styles = [base, notice, watchStyles];

  @property({ attribute: false }) route!: Extract<Route, { page: 'watch' }>;
  @state() private video: Video | undefined;
  @state() private transcript: Transcript | undefined;
  @state() private problem = '';
  @state() private chapter = -1;
  @state() private segment = -1;
  @state() private tab: 'transcript' | 'found' = 'transcript';
  @state() private copied = false;
  @query('cue-player') private player!: CuePlayer | null;

  private work = new AbortController();
  private timer = 0;
  private time = 0;

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('route')) return;
    const before = changed.get('route') as typeof this.route | undefined;
    if (before?.query !== this.route.query) this.tab = this.route.query ? 'found' : 'transcript';
    if (before?.video !== this.route.video) this.open();
    else if (this.route.at !== undefined) this.player?.seek(this.route.at);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.work.abort();
    clearTimeout(this.timer);
  }

  override render() {
    if (this.problem) return this.failure();
    const { video } = this;
    if (!video) return html`<div class="loading" aria-busy="true"><span class="sr">Loading</span></div>`;
    const playable = Boolean(video.playback?.hlsUri);
    const layout = classMap({ layout: true, single: !this.hasPanel, searching: this.route.query !== '' });
    return html`<div class=${layout}>
      <div class="top">
        ${playable ? this.playerView(video) : nothing} ${this.heading(video)} ${this.standingView(video)}
      </div>
      <div class="below">
        ${video.chapters?.length
          ? html`<cue-chapters
              .chapters=${video.chapters}
              .shots=${video.shots ?? []}
              .video=${this.route.video}
              .query=${this.route.query}
              .current=${this.chapter}
            ></cue-chapters>`
          : nothing}
        ${this.stages(video)}
      </div>
      ${this.hasPanel ? this.panel() : nothing}
    </div>`;
  }

  override updated(changed: Map<string, unknown>): void {
    // The deep link's moment, once there is a player to show it.
    if (changed.has('video') && this.player && this.route.at !== undefined && changed.get('video') === undefined) {
      this.player.updateComplete.then(() => this.player?.play());
    }
  }

  private get hasPanel(): boolean {
    return Boolean(this.transcript?.segments?.length || this.route.query);
  }

  private playerView(video: Video) {
    const playback = video.playback!;
    return keyed(
      playback.hlsUri,
      html`<cue-player
        .playback=${playback}
        .chapters=${video.chapters ?? []}
        .title=${video.title}
        .start=${this.route.at ?? 0}
        .line=${this.transcript?.segments?.[this.segment]?.text ?? ''}
        @cue-time=${(event: CustomEvent<number>) => this.follow(event.detail)}
      ></cue-player>`,
    );
  }

  private heading(video: Video) {
    const facts = [
      seconds(video.duration) > 0 ? clock(seconds(video.duration)) : '',
      definition(video),
      ...(video.playback?.captions ?? []).map((track) => `${languageName(track.languageCode)} captions`),
      this.transcript?.model ? `heard by ${this.transcript.model}` : '',
      date(video.createTime),
    ];
    return html`<header>
      <div>
        <h1>${video.title}</h1>
        <p class="facts time">${facts.filter(Boolean).join(' · ')}</p>
      </div>
      ${video.playback && 'clipboard' in navigator
        ? html`<button class="link" @click=${this.copyLink}>
            ${icons.link}<span aria-live="polite">${this.copied ? 'Copied' : 'Copy link to this moment'}</span>
          </button>`
        : nothing}
    </header>`;
  }

  private standingView(video: Video) {
    const state = standing(video);
    if (!state) return nothing;
    return html`<div class="notice ${state.tone}" role="status">
      ${icons.alert}
      <div><strong>${state.label}</strong>${state.reason}</div>
    </div>`;
  }

  private stages(video: Video) {
    if (!video.stages?.length) return nothing;
    return html`<details ?open=${!video.playback}>
      <summary>Stages</summary>
      <ul class="stages">
        ${video.stages.map(
          (run) => html`<li>
            <b>${run.stage}</b>
            <span class=${run.status.toLowerCase()}>${statusLabel[run.status] ?? run.status}</span>
            <span class="time">${elapsed(run.startTime, run.endTime)}</span>
            ${run.error?.message ? html`<p>${sentence(run.error.message)}</p>` : nothing}
          </li>`,
        )}
      </ul>
    </details>`;
  }

  private panel() {
    const { query: words, video } = this.route;
    const segments = this.transcript?.segments ?? [];
    const found = this.tab === 'found' && words !== '';
    return html`<aside aria-label="Transcript and search">
      <div class="tabs" role="tablist" @keydown=${this.onTabKey}>
        ${words ? this.tabButton('found', 'Found', found) : nothing}
        ${segments.length > 0 ? this.tabButton('transcript', 'Transcript', !found) : nothing}
      </div>
      <div id="panel" class="body" role="tabpanel" aria-labelledby=${found ? 'tab-found' : 'tab-transcript'}>
        ${found
          ? html`<div class="found">
              <cue-moments compact .query=${words} .video=${video} heading="In this video"></cue-moments>
              <cue-moments compact .query=${words} .except=${video} heading="In the library"></cue-moments>
            </div>`
          : html`<cue-transcript
              .segments=${segments}
              .video=${video}
              .query=${words}
              .current=${this.segment}
            ></cue-transcript>`}
      </div>
    </aside>`;
  }

  private tabButton(tab: typeof this.tab, label: string, selected: boolean) {
    return html`<button
      id="tab-${tab}"
      role="tab"
      aria-selected=${selected}
      aria-controls="panel"
      tabindex=${selected ? 0 : -1}
      @click=${() => (this.tab = tab)}
    >
      ${label}
    </button>`;
  }

  private onTabKey(event: KeyboardEvent): void {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = this.renderRoot.querySelector<HTMLElement>('[role=tab][aria-selected=false]');
    other?.click();
    other?.focus();
  }

  private failure() {
    return html`<div class="failure">
      <div class="notice bad" role="alert">
        ${icons.alert}
        <div>
          <strong>This video cannot be shown</strong>${sentence(this.problem)}<br />
          <button @click=${this.open}>Try again</button>
        </div>
      </div>
      <p><a href=${href({ page: 'library', query: '' })}>To the library</a></p>
    </div>`;
  }

  /** Starts over with the video that the route names. */
  private open(): void {
    this.work.abort();
    this.work = new AbortController();
    this.video = this.transcript = undefined;
    this.chapter = this.segment = -1;
    this.time = this.route.at ?? 0;
    this.problem = '';
    void this.load();
  }

  /** Fetches the video and its transcript; comes back by itself while it is being worked on. */
  private async load(): Promise<void> {
    clearTimeout(this.timer);
    const { signal } = this.work;
    const id = this.route.video;
    try {
      const video = await getVideo(id, signal);
      const spoken = video.transcripts?.length ? await readTranscript(id, signal) : undefined;
      this.video = video;
      this.transcript = spoken;
      document.title = `${video.title} · Cuepoint`;
      this.follow(this.time);
      if (inWork(video)) this.timer = window.setTimeout(() => void this.load(), refresh);
    } catch (error) {
      if (!signal.aborted) this.problem = (error as Error).message;
    }
  }

  /** Finds what is being said and which chapter it is in. */
  private follow(time: number): void {
    this.time = time;
    const starts = (spans: { startOffset?: string }[] | undefined) => (spans ?? []).map((span) => seconds(span.startOffset));
    this.chapter = indexAt(starts(this.video?.chapters), time + slack);
    this.segment = indexAt(starts(this.transcript?.segments), time + slack);
  }

  private async copyLink(): Promise<void> {
    const at = Math.floor((this.player?.time ?? 0) * 10) / 10;
    const target = href({ page: 'watch', video: this.route.video, at, query: '' });
    await navigator.clipboard.writeText(new URL(target, location.href).href);
    this.copied = true;
    window.setTimeout(() => (this.copied = false), 2000);
  }
}

/** A video that has lost its transcript is still worth playing. */
async function readTranscript(id: string, signal: AbortSignal): Promise<Transcript | undefined> {
  try {
    return await getTranscript(id, signal);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** What people call a size: "720p", by the shorter side. */
function definition(video: Video): string {
  const best = (video.playback?.renditions ?? []).find((rendition) => rendition.width && rendition.height);
  return best ? `${Math.min(best.width!, best.height!)}p` : video.playback ? 'Sound' : '';
}

function elapsed(from: string | null | undefined, to: string | null | undefined): string {
  const length = (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000;
  return Number.isFinite(length) && length >= 0 ? `${length.toFixed(1)} s` : '';
}
