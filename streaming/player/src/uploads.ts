import { idOf, importVideo, listUploads, videoAdded, type UploadMessage } from './api';
import { FileUpload } from './file-upload';
import { ImportUpload, type State, type Surroundings, type Upload } from './upload';
import { isFileOf, UploadMemory, type Begun } from './upload-memory';

/** How many files are sent at a time; the others wait. */
const atOnce = 2;

/** How often it is told how far uploads are, in milliseconds. */
const pace = 100;

/** The uploads of this page in one workspace. Dispatches `change`. */
export class Uploads extends EventTarget {
  /** In the order in which they came. */
  items: Upload[] = [];
  /** What last happened, for those who do not see the list. */
  news = '';
  /** What requests that change something have to show. */
  csrf = '';

  private readonly memory: UploadMemory;
  private readonly connection = new AbortController();
  private readonly known = new WeakMap<Upload, State>();
  private timer = 0;
  private readonly around: Surroundings = { csrf: () => this.csrf, changed: (upload) => this.changed(upload) };

  constructor(readonly workspace: string) {
    super();
    this.memory = new UploadMemory(workspace);
    const { signal } = this.connection;
    addEventListener('online', () => this.goOn(), { signal });
    addEventListener('beforeunload', (event) => this.busy && event.preventDefault(), { signal });
    this.restore().catch(() => undefined); // dropping a file again goes on with it all the same
  }

  /** Ends all work. What was begun can be gone on with another time. */
  close(): void {
    this.connection.abort();
    clearTimeout(this.timer);
    for (const upload of this.items) upload.leave();
  }

  /** Says whether something would be cut off if the page were left. */
  get busy(): boolean {
    return this.items.some((upload) => upload instanceof FileUpload && ['waiting', 'sending'].includes(upload.state));
  }

  /** Sends files. Those that were begun before are gone on with. */
  take(files: File[]): void {
    const begun = this.memory.all();
    for (const file of files) {
      const known = this.items.find((upload): upload is FileUpload => upload instanceof FileUpload && !upload.ended && upload.isOf(file));
      const before = begun.find((one) => isFileOf(file, one));
      const upload = known ?? new FileUpload(before ?? file, this.memory, this.around);
      if (!known) this.items.push(upload);
      upload.give(file);
    }
    this.go();
  }

  /** Has the server download a video. Throws an ApiError. */
  async import(address: string): Promise<void> {
    this.add(new ImportUpload(await importVideo(address, this.csrf), this.around));
  }

  /** Takes one off the list. */
  remove(upload: Upload): void {
    this.items = this.items.filter((other) => other !== upload);
    this.go();
  }

  /** Takes those off the list that have ended. */
  clear(): void {
    this.items = this.items.filter((upload) => !upload.ended);
    this.go();
  }

  /** Goes on at once with what waits for the network, or for somebody to sign in. */
  goOn(): void {
    for (const upload of this.items) {
      if (upload instanceof FileUpload && upload.waits) upload.resume();
    }
  }

  /** Lists what was begun and has not ended: of files those that this browser sent, of imports all. */
  private async restore(): Promise<void> {
    const elsewhere = await this.memory.elsewhere();
    const begun = this.memory.all().filter(({ id }) => !elsewhere.has(id));
    const { uploads = [] } = await listUploads();
    for (const message of uploads) {
      if (message.method === 'METHOD_IMPORT') this.add(new ImportUpload(message, this.around));
    }
    for (const file of begun) {
      const message = uploads.find(({ name }) => idOf(name) === file.id);
      if (!message) this.memory.drop(file.id);
      else if (!this.items.some((upload) => upload.id === file.id)) this.items.push(this.begunBefore(message, file));
    }
    this.go();
  }

  private begunBefore(message: UploadMessage, file: Begun): Upload {
    const upload = new FileUpload(file, this.memory, this.around);
    upload.sent = Number(message.offset);
    if (message.state === 'STATE_FINISHING') void upload.follow();
    return upload;
  }

  private add(upload: Upload): void {
    this.items.push(upload);
    upload.start();
    this.go();
  }

  private changed(upload: Upload): void {
    if (this.known.get(upload) !== upload.state) this.enters(upload);
    else this.timer ||= window.setTimeout(() => this.go(), pace);
  }

  /** An upload has come into another state. */
  private enters(upload: Upload): void {
    this.known.set(upload, upload.state);
    const { name, state, problem, duplicate } = upload;
    if (state === 'done') dispatchEvent(new Event(videoAdded));
    if (state === 'done') this.news = duplicate ? `${name} was in the library already` : `${name} is in the library`;
    if (state === 'failed' || state === 'stuck') this.news = `${name}: ${problem}`;
    if (state === 'canceled') this.remove(upload);
    else this.go();
  }

  /** Starts those whose turn it is, and tells of what changed. */
  private go(): void {
    let free = atOnce - this.items.filter((upload) => upload instanceof FileUpload && upload.state === 'sending').length;
    for (const upload of this.items) {
      if (free > 0 && upload.state === 'waiting') {
        free--;
        upload.start();
      }
    }
    clearTimeout(this.timer);
    this.timer = 0;
    this.dispatchEvent(new Event('change'));
  }
}
