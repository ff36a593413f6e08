import Hls, { type ErrorData } from 'hls.js';
import { LitElement, css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import 'media-chrome';
import 'media-chrome/menu';
import type { Chapter, Playback } from './api';
import { captionsURI, chaptersVTT } from './tracks';
import { base } from './style';
import { languageName } from './language';

/** The speeds that the button goes through. */
const rates = [0.75, 1, 1.25, 1.5, 2];

/**
 * Plays one video's HLS, with its chapters on the timeline, a picture of where
 * the pointer is, and captions. It attaches once: for another video, another
 * element. Fires `cue-time` with the time in seconds whenever that moves.
 */
@customElement('cue-player')
export class CuePlayer extends LitElement {
  static override styles = [base, styles()];

  @property({ attribute: false }) playback!: Playback;
  @property({ attribute: false }) chapters: Chapter[] = [];
  @property() override title = '';
  /** Where to begin, in seconds. */
  @property({ type: Number }) start = 0;
  /** What is being said, shown in place of a picture where there is only sound. */
  @property() line = '';
  @state() private rate = 1;
  @state() private problem = '';
  @query('video') private video!: HTMLVideoElement;

  private hls: Hls | undefined;
  private chaptersURI = '';
  private recovered = false;

  /** Goes to a time and plays on from there, as far as the browser lets a page start sound. */
  seek(time: number): void {
    if (this.video.readyState === 0) {
      this.video.addEventListener('loadedmetadata', () => (this.video.currentTime = time), { once: true });
    } else {
      this.video.currentTime = time;
    }
    this.play();
  }

  /** The time being shown, in seconds. */
  get time(): number {
    return this.video.currentTime;
  }

  play(): void {
    this.video.play().catch(() => {
      // The browser wants a click first: the play button is there.
    });
  }

  override firstUpdated(): void {
    this.attach();
  }

  override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('chapters')) return;
    URL.revokeObjectURL(this.chaptersURI);
    this.chaptersURI = this.chapters.length ? URL.createObjectURL(chaptersVTT(this.chapters)) : '';
  }

  override updated(): void {
    // media-chrome gives both a role that does not go with their other attributes.
    this.renderRoot.querySelector('media-captions-button')?.setAttribute('role', 'switch');
    this.renderRoot.querySelector('media-time-display')?.setAttribute('role', 'timer');
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.hls?.destroy();
    this.hls = undefined;
    URL.revokeObjectURL(this.chaptersURI);
  }

  override render() {
    const { playback } = this;
    const size = pictureSize(playback);
    const captions = playback.captions ?? [];
    return html`
      <media-controller
        class=${size ? 'picture' : 'sound'}
        style="aspect-ratio: ${size ?? '16 / 5'}"
        hotkeys="nol"
        nosubtitleslangpref
      >
        <video
          slot="media"
          playsinline
          preload="auto"
          aria-label=${this.title}
          poster=${playback.posterUri || nothing}
          @timeupdate=${this.tell}
          @seeking=${this.tell}
          @ratechange=${() => (this.rate = this.video.playbackRate)}
          @error=${this.mediaError}
        >
          ${this.chaptersURI ? html`<track kind="chapters" src=${this.chaptersURI} default />` : nothing}
          ${playback.storyboardUri
            ? html`<track kind="metadata" label="thumbnails" src=${playback.storyboardUri} default />`
            : nothing}
          ${captions.map(
            (track, index) => html`<track
              kind="captions"
              srclang=${track.languageCode}
              label=${languageName(track.languageCode)}
              src=${captionsURI(track)}
              ?default=${index === 0 && size !== undefined}
            />`,
          )}
        </video>
        ${size ? nothing : html`<div class="sleeve" noautohide><p>${this.line || this.title}</p></div>`}
        <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
        ${captions.length > 1 ? html`<media-captions-menu hidden anchor="auto"></media-captions-menu>` : nothing}
        <div class="controls" ?noautohide=${!size}>
          <media-time-range></media-time-range>
          <media-control-bar>
            <media-play-button></media-play-button>
            <media-seek-backward-button seekoffset="10"></media-seek-backward-button>
            <media-seek-forward-button seekoffset="10"></media-seek-forward-button>
            <media-mute-button></media-mute-button>
            <media-volume-range></media-volume-range>
            <media-time-display showduration notoggle></media-time-display>
            <span class="space"></span>
            <button class="rate" aria-label="Speed ${this.rate}×" @click=${this.faster}>${this.rate}×</button>
            ${captions.length > 1
              ? html`<media-captions-menu-button></media-captions-menu-button>`
              : captions.length === 1 && size
                ? html`<media-captions-button></media-captions-button>`
                : nothing}
            ${size
              ? html`<media-pip-button></media-pip-button><media-fullscreen-button></media-fullscreen-button>`
              : nothing}
          </media-control-bar>
        </div>
      </media-controller>
      ${this.problem
        ? html`<div class="problem" role="alert"><p>${this.problem}</p><button @click=${this.retry}>Try again</button></div>`
        : nothing}
    `;
  }

  private attach(): void {
    const { hlsUri } = this.playback;
    if (!Hls.isSupported()) {
      // Safari on phones plays HLS by itself and has no Media Source Extensions.
      this.video.src = this.start > 0 ? `${hlsUri}#t=${this.start}` : hlsUri;
      return;
    }
    const hls = new Hls({
      startPosition: this.start > 0 ? this.start : -1,
      capLevelToPlayerSize: true,
      backBufferLength: 60,
      // The first guess, in bits per second: most servers of ours are near.
      abrEwmaDefaultEstimate: 4_000_000,
    });
    this.hls = hls;
    hls.on(Hls.Events.ERROR, (_, data) => this.hlsError(hls, data));
    hls.loadSource(hlsUri);
    hls.attachMedia(this.video);
  }

  private hlsError(hls: Hls, data: ErrorData): void {
    if (!data.fatal) return;
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && !this.recovered) {
      this.recovered = true;
      hls.recoverMediaError();
      return;
    }
    this.problem =
      data.type === Hls.ErrorTypes.NETWORK_ERROR
        ? 'The video stopped arriving. Check that the server still runs.'
        : 'This browser cannot play the video.';
  }

  private mediaError(): void {
    if (!this.hls) this.problem = 'This browser cannot play the video.';
  }

  private retry(): void {
    this.start = this.video.currentTime || this.start;
    this.problem = '';
    this.recovered = false;
    this.hls?.destroy();
    this.attach();
    this.play();
  }

  /** Takes the next speed; after the fastest comes the slowest. */
  private faster(): void {
    this.video.playbackRate = rates[(rates.indexOf(this.rate) + 1) % rates.length]!;
  }

  private tell(): void {
    this.dispatchEvent(new CustomEvent('cue-time', { detail: this.video.currentTime }));
  }
}

/** The shape to play in, "w / h"; undefined for sound alone. A portrait video plays in a landscape box. */
function pictureSize(playback: Playback): string | undefined {
  const best = (playback.renditions ?? []).find((rendition) => rendition.width && rendition.height);
  if (!best) return playback.posterUri ? '16 / 9' : undefined;
  return best.width! > best.height! ? `${best.width} / ${best.height}` : '16 / 9';
}

function styles() {
  return css`
    :host {
      position: relative;
      border-radius: var(--round);
      overflow: hidden;
      background: #000;
      box-shadow: var(--shadow);
    }
    media-controller {
      display: block;
      width: 100%;
      max-height: var(--player-height, 75svh);
      --media-background-color: transparent;
      --media-primary-color: #fff;
      --media-secondary-color: transparent;
      --media-control-background: transparent;
      --media-control-hover-background: rgb(255 255 255 / 14%);
      --media-font-family: var(--font);
      --media-font-size: 0.85rem;
      --media-control-height: 1.5rem;
      --media-control-padding: 0.45rem;
      --media-range-bar-color: #63d0bd;
      --media-range-track-background: rgb(255 255 255 / 28%);
      --media-time-range-buffered-color: rgb(255 255 255 / 30%);
      --media-range-track-height: 4px;
      --media-range-track-border-radius: 4px;
      --media-range-thumb-background: #fff;
      --media-range-padding: 0 0.9rem;
      --media-preview-thumbnail-border: 2px solid #fff;
      --media-preview-thumbnail-border-radius: 8px;
      --media-preview-thumbnail-max-width: 176px;
      --media-preview-thumbnail-max-height: 176px;
      --media-text-color: #fff;
      --media-menu-background: rgb(16 22 20 / 94%);
      --media-focus-box-shadow: inset 0 0 0 2px #63d0bd;
    }
    video {
      width: 100%;
      height: 100%;
      object-fit: contain;
    }
    video::cue {
      background: rgb(0 0 0 / 72%);
      color: #fff;
      font-family: system-ui, sans-serif;
      line-height: 1.35;
    }
    /* Captions stand clear of the lower edge, and of the controls while those show. */
    video::-webkit-media-text-track-container {
      transform: translateY(-0.75rem);
      transition: transform 0.2s ease-out;
    }
    media-controller:not([userinactive]) video::-webkit-media-text-track-container,
    media-controller[mediapaused] video::-webkit-media-text-track-container {
      transform: translateY(-3.9rem);
    }
    /* Where the pointer asks what comes later, what is said now is in the way. */
    media-controller:has(media-time-range:hover) video::-webkit-media-text-track-container {
      opacity: 0;
    }
    .controls {
      position: relative;
      width: 100%;
      padding: 3rem 0.35rem 0.25rem;
      background: linear-gradient(transparent, rgb(0 0 0 / 72%));
    }
    media-time-range {
      display: block;
      width: 100%;
      height: 1.25rem;
      --media-control-hover-background: transparent;
    }
    media-control-bar {
      display: flex;
      width: 100%;
      align-items: center;
    }
    media-control-bar > * {
      border-radius: var(--round-small);
    }
    media-volume-range {
      width: 5rem;
      --media-range-bar-color: #fff;
      --media-range-padding: 0 0.4rem;
    }
    .rate {
      min-width: 2.8rem;
      height: 2.4rem;
      color: #fff;
      font-size: 0.85rem;
      font-weight: 600;
    }
    .rate:hover {
      background: rgb(255 255 255 / 14%);
    }
    .rate:focus-visible {
      outline: 0;
      box-shadow: inset 0 0 0 2px #63d0bd;
    }
    media-time-display {
      margin-left: 0.4rem;
      font-variant-numeric: tabular-nums;
    }
    .space {
      flex: 1;
    }
    .sleeve {
      position: absolute;
      inset: 0;
      pointer-events: none;
      display: grid;
      place-items: center;
      padding: 1.5rem 8% 5rem;
      background: radial-gradient(120% 160% at 15% 0%, #14564c, #0b2521 70%);
      color: #fff;
      text-align: center;
    }
    .sleeve p {
      max-width: 34ch;
      font-size: clamp(1.05rem, 2.6vw, 1.7rem);
      font-weight: 550;
      letter-spacing: -0.01em;
      line-height: 1.35;
      text-wrap: balance;
      overflow-wrap: anywhere;
    }
    .sound {
      min-height: 13rem;
    }
    .problem {
      position: absolute;
      inset: 0;
      z-index: 2;
      display: grid;
      place-content: center;
      justify-items: center;
      gap: 1rem;
      padding: 1rem;
      background: rgb(0 0 0 / 82%);
      color: #fff;
      text-align: center;
    }
    .problem button {
      padding: 0.45rem 1.2rem;
      border-radius: 99px;
      background: #fff;
      color: #111;
    }
    @media (max-width: 40rem) {
      media-volume-range,
      media-seek-forward-button,
      media-pip-button {
        display: none;
      }
      .controls {
        padding-top: 2rem;
      }
    }
  `;
}
