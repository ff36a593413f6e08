import type { DetailedError, Upload as Sender, UploadOptions } from 'tus-js-client';
import { csrfHeader, errorOf, idOf, signedOut, type ApiError } from './api';
import { isFileOf, type Begun, type UploadMemory } from './upload-memory';
import { Upload, type Surroundings } from './upload';

/** Where uploads begin. */
const endpoint = new URL('/uploads', location.origin).href;

/** How long to wait before a request that went wrong is repeated, in milliseconds: for an hour in all, anew with every byte that comes. */
const retries = [0, 500, 1000, 2000, 5000, 10_000, ...Array<number>(120).fill(30_000)];

/** What goes wrong again until somebody does something. */
const lasting = ['ALREADY_EXISTS', 'NOT_RUNNING', 'QUOTA_EXCEEDED', 'STORAGE_FULL', 'UNIMPLEMENTED'];

/** A file of this computer, which is sent in pieces that outlive whatever happens. */
export class FileUpload extends Upload {
  private file: File | undefined;
  readonly modified: number;

  /** Of one that was begun before, the file has to be given again. */
  constructor(from: File | Begun, private readonly memory: UploadMemory, around: Surroundings) {
    super(from.name, from.size, 'id' in from ? from.id : '', around);
    if ('id' in from) {
      this.modified = from.modified;
      this.state = 'missing';
    } else {
      this.modified = from.lastModified;
      this.file = from;
    }
  }

  isOf(file: File): boolean {
    return isFileOf(file, this);
  }

  /** Takes the file that this is about, to go on in its turn. */
  give(file: File): void {
    this.file = file;
    if (['missing', 'paused', 'stuck'].includes(this.state)) this.resume();
  }

  override start(): void {
    this.state = 'sending';
    this.problem = '';
    this.speed.reset();
    this.work = new AbortController();
    void this.send(this.work.signal);
  }

  pause(): void {
    this.leave();
    this.change('paused');
  }

  /** Says whether it waits for the network or the server, or for somebody to sign in. */
  get waits(): boolean {
    const trying = this.state === 'sending' && this.problem !== '';
    return trying || (this.state === 'stuck' && [0, 401].includes(this.status));
  }

  /** Has it go on in its turn. */
  resume(): void {
    this.leave();
    this.change('waiting');
  }

  protected override change(...to: Parameters<Upload['change']>): void {
    super.change(...to);
    if (this.ended) this.memory.drop(this.id);
  }

  private async send(signal: AbortSignal): Promise<void> {
    try {
      const { Upload } = await import('tus-js-client'); // which those need not load who only watch
      if (signal.aborted) return;
      const sender: Sender = new Upload(this.file!, this.options(signal, () => this.begun(sender)));
      signal.addEventListener('abort', () => void sender.abort());
      sender.start();
    } catch {
      if (!signal.aborted) this.change('stuck', 'the part of this page that sends files did not load; try again');
    }
  }

  private options(signal: AbortSignal, begun: () => void): UploadOptions {
    const { name, type } = this.file!;
    return {
      endpoint: this.id ? null : endpoint,
      uploadUrl: this.id ? `${endpoint}/${this.id}` : null,
      metadata: { filename: name, ...(type && { filetype: type }) },
      storeFingerprintForResuming: false, // there is a memory
      retryDelays: retries,
      onUploadUrlAvailable: begun,
      onBeforeRequest: (request) => {
        signal.throwIfAborted(); // its abort has no effect while it prepares a request
        request.setHeader(csrfHeader, this.around.csrf());
      },
      onProgress: (sent) => {
        this.sent = sent;
        this.problem = '';
        this.speed.note(sent, Date.now());
        this.around.changed(this);
      },
      onShouldRetry: (error) => !signal.aborted && this.waitsOut(reasonOf(error)),
      onError: (error) => {
        if (!signal.aborted) this.fail(error);
      },
      onSuccess: ({ lastResponse }) => {
        const video = lastResponse.getHeader('Cuepoint-Video');
        if (video) return this.become(video, lastResponse.getHeader('Cuepoint-Duplicate') === 'true');
        this.change('finishing');
        void this.follow();
      },
    };
  }

  /** Remembers what the server calls it. */
  private begun(sender: Sender): void {
    this.id = idOf(sender.url!);
    sender.options.endpoint = null; // else it would begin another whenever it cannot go on with this
    this.memory.keep({ id: this.id, name: this.name, size: this.size, modified: this.modified });
  }

  /** Says whether a request is to be repeated, and tells people what is wrong meanwhile. */
  private waitsOut({ status, reason, message }: ApiError): boolean {
    if (!mayPass(status, reason)) return false;
    this.problem = message;
    this.around.changed(this);
    return true;
  }

  private fail(error: Error | DetailedError): void {
    const { status, message } = reasonOf(error);
    if (status === 404 || status === 410) return void this.follow(); // HEAD tells no reason
    if (status === 401) dispatchEvent(new Event(signedOut));
    if ([0, 401, 403, 409, 429, 499].includes(status) || status >= 500) this.change('stuck', message, status);
    else this.change('failed', message, status);
  }
}

/** What an error of tus-js-client says, whose own words are not for people. */
function reasonOf(error: Error | DetailedError): ApiError {
  const response = 'originalResponse' in error ? error.originalResponse : null;
  if (!response) return errorOf(0, { message: 'the server does not answer' });
  return errorOf(response.getStatus(), parsed(response.getBody()));
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

/** Says whether the same request may be answered otherwise in a while. */
function mayPass(status: number, reason: string): boolean {
  return ([0, 408, 409, 423, 429].includes(status) || status >= 500) && !lasting.includes(reason);
}
