/**
 * Calls a Cuepoint server over REST. The methods and messages are those of its
 * OpenAPI description, which comes from api/proto/cuepoint/v1, in protobuf's
 * JSON: durations are "12.345s", 64-bit numbers are strings, and a message that is
 * not set is null.
 *
 *     const cuepoint = createClient({ baseUrl: 'https://videos.example.org', key });
 *     const { moments } = await answer(cuepoint.GET('/v1/moments:search', { params: { query: { query: 'honey' } } }));
 */
import createFetchClient, { type Client as FetchClient } from 'openapi-fetch';
import type { components, paths } from '../build/schema.js';

export type { paths } from '../build/schema.js';

/** The messages by their names: `Messages['Video']`. */
export type Messages = components['schemas'];

export type Client = FetchClient<paths>;

export interface Options {
  /** Where the server is. In a page of its own: nothing. */
  baseUrl?: string;
  /** Shown with every request. In a page of its own: nothing, its cookie says who asks. */
  key?: string;
  /** What sends requests, instead of the global fetch. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Makes a client, typed by the description of the API. It connects when it is used. */
export function createClient({ baseUrl = '', key, fetch }: Options = {}): Client {
  return createFetchClient<paths>({
    baseUrl,
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
    ...(fetch === undefined ? {} : { fetch }),
  });
}

/** What a server, or the way to it, had to say; the message is for people. */
export class ApiError extends Error {
  constructor(
    /** The HTTP status, 0 where no answer came. */
    readonly status: number,
    /** What went wrong, such as NOT_FOUND; empty where no Cuepoint said it. */
    readonly reason: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a call resolves to. */
interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data that a call is answered with. Throws an ApiError, or what the caller's AbortSignal says. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  let answered: Answer<T>;
  try {
    answered = await call;
  } catch (cause) {
    if (isAbort(cause) || cause instanceof ApiError) throw cause;
    throw new ApiError(0, '', 'The server does not answer. Check that cuepoint is still running.', { cause });
  }
  if (!answered.response.ok) throw errorOf(answered.response.status, answered.error);
  return answered.data as T;
}

const isAbort = (cause: unknown) => cause instanceof Error && (cause.name === 'AbortError' || cause.name === 'TimeoutError');

/** The error in an answer: a google.rpc.Status, or a problem of RFC 9457. */
export function errorOf(status: number, body: unknown): ApiError {
  const said = (typeof body === 'object' ? body : null) as { message?: string; detail?: string; reason?: string; details?: { reason?: unknown }[] } | null;
  const reason = said?.reason ?? said?.details?.find((detail) => detail.reason !== undefined)?.reason;
  return new ApiError(status, typeof reason === 'string' ? reason : '', said?.message || said?.detail || `The server answered ${status}.`);
}

/** How long to wait before a stream that broke off is gone on with, in milliseconds. */
const rest = { first: 200, longest: 5000 };

/**
 * Tells how a video gets on, until all that was to be done has ended. Where the
 * stream breaks off it is gone on with from the last answer, so that no
 * transition is left out and none told twice. Throws an ApiError that does not
 * pass, or what signal says.
 */
export async function* watchVideo(client: Client, video: string, signal?: AbortSignal): AsyncGenerator<Messages['WatchVideoResponse']> {
  let cursor = '';
  for (let wait = rest.first; ; wait = Math.min(2 * wait, rest.longest)) {
    try {
      const stream = await answer(client.GET('/v1/videos/{video}:watch', {
        params: { path: { video }, query: { cursor } }, parseAs: 'stream', signal: signal ?? null,
      }));
      for await (const news of results<Messages['WatchVideoResponse']>(stream as ReadableStream<Uint8Array>)) {
        cursor = news.cursor;
        wait = rest.first;
        yield news;
      }
      return;
    } catch (error) {
      if (!passes(error)) throw error;
    }
    await pause(wait, signal);
  }
}

/** Whether a server may answer later what it does not answer now. */
function passes(error: unknown): boolean {
  return error instanceof ApiError ? [0, 429, 503].includes(error.status) : error instanceof TypeError; // fetch's word for a broken connection
}

/** The answers of a stream: a line of JSON each, the last of which may be an error. */
async function* results<T>(stream: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const reader = stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  try {
    for (let buffered = ''; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (buffered + value).split('\n');
      buffered = lines.pop() ?? '';
      for (const line of lines.filter((line) => line !== '')) {
        const { result, error } = JSON.parse(line) as { result?: T; error?: { code?: number } };
        if (error) throw errorOf(httpStatus.get(error.code ?? 0) ?? 500, error);
        yield result as T;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // whoever stops listening closes the connection
  }
}

/** The HTTP status that stands for a gRPC code which streams break off with. */
const httpStatus = new Map([[1, 499], [3, 400], [5, 404], [7, 403], [8, 429], [11, 410], [14, 503], [16, 401]]);

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => { clearTimeout(timer); reject(signal?.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener('abort', abort); resolve(); }, milliseconds);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
  });
}
