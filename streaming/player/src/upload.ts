import { ApiError, deleteUpload, getUpload, idOf, type UploadMessage } from './api';
import { messageOf } from './session';
import { Speed } from './size';

/** Where an upload stands. */
export type State =
  | 'waiting' // for its turn
  | 'sending' // or being downloaded by the server
  | 'paused'
  | 'stuck' // see problem, which may pass
  | 'missing' // this page does not have its file
  | 'finishing' // all bytes are there
  | 'done'
  | 'failed' // see problem
  | 'canceled';

/** What an upload has of the page around it. */
export interface Surroundings {
  /** What requests that change something have to show now. */
  csrf: () => string;
  /** Is called after every change. */
  changed: (upload: Upload) => void;
}

/** How often the server is asked how an upload stands, in milliseconds. */
const look = 1000;

/** A video on its way in. */
export abstract class Upload {
  state: State = 'waiting';
  /** Bytes that have come. */
  sent = 0;
  /** Why it is stuck or has failed, or what has to be tried again. */
  problem = '';
  /** The HTTP status of the problem; 0 where no answer came. */
  status = 0;
  /** The resource name of what it has become. */
  video = '';
  /** That video was there before. */
  duplicate = false;
  readonly speed = new Speed();

  /** Ends what is under way. */
  protected work = new AbortController();

  constructor(
    readonly name: string,
    /** In bytes; 0 while nobody knows. */
    public size: number,
    /** By which the server knows it; empty before it does. */
    public id: string,
    protected readonly around: Surroundings,
  ) {}

  /** Begins, or goes on. */
  abstract start(): void;

  get ended(): boolean {
    return ['done', 'failed', 'canceled'].includes(this.state);
  }

  /** Ends what this page does about it. */
  leave(): void {
    this.work.abort();
  }

  /** Ends it, here and on the server. */
  cancel(): void {
    this.leave();
    this.change('canceled');
    // Where the server does not hear of it, the upload expires there.
    if (this.id) deleteUpload(this.id, this.around.csrf()).catch(() => undefined);
  }

  protected change(state: State, problem = '', status = 0): void {
    Object.assign(this, { state, problem, status });
    this.around.changed(this);
  }

  /** Asks the server how it stands, until it has ended. */
  async follow(): Promise<void> {
    this.work.abort();
    this.work = new AbortController();
    const { signal } = this.work;
    while (!signal.aborted) {
      try {
        this.heed(await getUpload(this.id, signal));
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ApiError && error.status === 404) this.change('failed', 'the server does not know of it any more; send it again');
        else if (this.state !== 'stuck') this.change('stuck', messageOf(error), error instanceof ApiError ? error.status : 0);
      }
      if (this.ended) return;
      await new Promise((resolve) => setTimeout(resolve, look));
    }
  }

  /** Takes over what the server says. */
  protected heed(said: UploadMessage): void {
    const offset = Number(said.offset);
    this.sent = offset;
    this.size = Number(said.size) || this.size;
    this.speed.note(offset, Date.now());
    switch (said.state) {
      case 'STATE_DONE':
        this.become(said.video ?? '', said.duplicate ?? false);
        break;
      case 'STATE_FINISHING':
        this.change('finishing', said.error?.message);
        break;
      case 'STATE_FAILED':
        this.change('failed', said.error?.message ?? '');
        break;
      case 'STATE_CANCELED':
        this.change('failed', 'it was canceled');
        break;
      case 'STATE_EXPIRED':
        this.change('failed', 'too little of it came in time; send it again');
        break;
      default:
        this.change('sending', said.error?.message);
    }
  }

  protected become(video: string, duplicate: boolean): void {
    this.sent = this.size;
    this.video = video;
    this.duplicate = duplicate;
    this.change('done');
  }
}

/** A video that the server downloads from an address. It needs no help with that. */
export class ImportUpload extends Upload {
  constructor(message: UploadMessage, around: Surroundings) {
    super(message.sourceUri || message.filename || '', Number(message.size), idOf(message.name), around);
  }

  override start(): void {
    this.state = 'sending';
    void this.follow();
  }
}
