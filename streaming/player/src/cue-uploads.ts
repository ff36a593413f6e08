import { LitElement, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { repeat } from 'lit/directives/repeat.js';
import { accepted, filesIn } from './dropped';
import { mayWrite, messageOf, type Session } from './session';
import { sentence } from './state';
import { base } from './style';
import type { Upload } from './upload';
import { row } from './upload-row';
import { Uploads } from './uploads';
import { styles } from './uploads-style';
import * as icons from './icons';

/** Files are over the page for so long after the browser last said so, in milliseconds: it says it about every 350. */
const still = 800;

/** How videos come in: a button, the panel that it opens, and files dropped anywhere on the page. */
@customElement('cue-uploads')
export class CueUploads extends LitElement {
  static override styles = [base, styles];

  @property({ attribute: false }) session!: Session;
  @state() private open = false;
  /** Files are held over the page. */
  @state() private over = false;
  @state() private note = '';
  @query('#chooser') private chooser!: HTMLInputElement;
  @query('#address') private address!: HTMLInputElement;
  @query('.toggle') private toggle!: HTMLButtonElement;
  @query('section') private section!: HTMLElement;

  private uploads: Uploads | undefined;
  /** That files are missing was shown. */
  private told = false;
  private hovering = 0;
  private connection = new AbortController();

  override connectedCallback(): void {
    super.connectedCallback();
    this.connection = new AbortController();
    const { signal } = this.connection;
    for (const type of ['dragenter', 'dragover'] as const) addEventListener(type, (event) => this.hover(event), { signal });
    addEventListener('drop', (event) => void this.drop(event), { signal });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.connection.abort();
    this.uploads?.close();
    this.uploads = undefined;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('session') && mayWrite(this.session)) this.enter(this.session);
  }

  /** Goes on with the uploads of who has come in, or with those of another workspace. */
  private enter({ workspace = '', csrf = '' }: Session): void {
    if (this.uploads?.workspace !== workspace) {
      this.uploads?.close();
      this.uploads = new Uploads(workspace);
      this.uploads.addEventListener('change', () => this.changed());
    }
    this.uploads.csrf = csrf;
    this.uploads.goOn();
  }

  override render() {
    if (!this.uploads || !mayWrite(this.session)) return nothing;
    const { items, news, busy } = this.uploads;
    return html`
      <button class="toggle" aria-expanded=${this.open} aria-controls="panel" @click=${() => (this.open = !this.open)}>
        ${icons.upload}<span>Upload</span>${busy ? html`<b class="time">${percent(items)} %</b>` : nothing}
      </button>
      <p class="sr" role="status">${news}</p>
      <section id="panel" tabindex="-1" aria-label="Uploads" ?hidden=${!this.open} @keydown=${this.key}>
        ${this.open ? this.panel(items) : nothing}
      </section>
      ${this.over ? html`<div class="over"><p>${icons.upload}Drop to upload</p></div>` : nothing}
    `;
  }

  private panel(items: Upload[]) {
    return html`
      <div class="drop">
        <p>Drop videos anywhere on this page, or</p>
        <button class="choose" @click=${() => this.chooser.click()}>Choose files</button>
        <input id="chooser" type="file" aria-label="Files to upload" multiple hidden accept=${accepted} @change=${this.choose} />
      </div>
      <form @submit=${this.import}>
        <label for="address">Or import one from an address</label>
        <input id="address" type="url" required maxlength="4096" placeholder="https://…" autocomplete="off" spellcheck="false" />
        <button>Import</button>
      </form>
      <p class="note" role="alert">${this.note}</p>
      <ul>
        ${repeat(items, (upload) => upload, (upload) => row(upload, this.cancel))}
      </ul>
      ${items.some(({ ended }) => ended) ? html`<button class="clear" @click=${this.clear}>Clear those that have ended</button>` : nothing}
    `;
  }

  private hover(event: DragEvent): void {
    if (!this.takes(event)) return;
    event.preventDefault();
    event.dataTransfer!.dropEffect = 'copy';
    this.over = true;
    clearTimeout(this.hovering);
    this.hovering = window.setTimeout(() => (this.over = false), still);
  }

  private async drop(event: DragEvent): Promise<void> {
    if (!this.takes(event)) return;
    event.preventDefault();
    this.over = false;
    const { files, others } = await filesIn(event.dataTransfer!);
    this.take(files);
    if (others > 0) this.note = `${others === 1 ? 'One file was' : `${others} files were`} left out: neither video nor sound.`;
  }

  private takes(event: DragEvent): boolean {
    return this.uploads !== undefined && mayWrite(this.session) && (event.dataTransfer?.types.includes('Files') ?? false);
  }

  private choose(): void {
    this.take([...(this.chooser.files ?? [])]);
    this.chooser.value = ''; // so that the same file can be chosen again
  }

  private take(files: File[]): void {
    this.note = '';
    this.open = true;
    this.uploads!.take(files);
  }

  private async import(event: Event): Promise<void> {
    event.preventDefault();
    this.note = '';
    try {
      await this.uploads!.import(this.address.value.trim());
      this.address.value = '';
    } catch (error) {
      this.note = sentence(messageOf(error));
      this.address.select();
    }
  }

  private readonly cancel = (upload: Upload) => {
    if (upload.ended) this.uploads!.remove(upload);
    else upload.cancel();
    this.section.focus(); // the button that had it is gone
  };

  private clear(): void {
    this.uploads!.clear();
    this.section.focus();
  }

  private key(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    this.open = false;
    this.toggle.focus();
  }

  private changed(): void {
    const lost = this.uploads!.items.some(({ state }) => state === 'missing');
    if (lost && !this.told) this.open = this.told = true;
    this.requestUpdate();
  }
}

/** How much of all that is under way has come. */
function percent(items: Upload[]): number {
  const under = items.filter(({ state }) => ['waiting', 'sending', 'done'].includes(state));
  const size = under.reduce((sum, upload) => sum + upload.size, 0);
  const sent = under.reduce((sum, upload) => sum + upload.sent, 0);
  return size > 0 ? Math.floor((100 * sent) / size) : 0;
}
