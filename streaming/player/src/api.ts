/**
 * The part of the REST API that the page uses, as api/proto/cuepoint/v1 defines
 * it in protobuf's JSON: durations are "12.345s", 64-bit numbers are strings,
 * and a message that is not set is absent or null.
 */

export interface Status {
  code: number;
  message: string;
  details?: { '@type': string; reason?: string }[];
}

export type VideoState =
  | 'STATE_UNSPECIFIED'
  | 'STATE_UPLOADING'
  | 'STATE_QUEUED'
  | 'STATE_PROCESSING'
  | 'STATE_READY'
  | 'STATE_PARTIAL'
  | 'STATE_FAILED'
  | 'STATE_CANCELED'
  | 'STATE_DELETED';

export interface Video {
  name: string;
  title: string;
  source: string;
  state: VideoState;
  error?: Status | null;
  duration?: string | null;
  createTime?: string;
  stages?: StageRun[];
  playback?: Playback | null;
  shots?: Shot[];
  chapters?: Chapter[];
  transcripts?: string[];
}

export interface StageRun {
  stage: string;
  status:
    | 'STATUS_UNSPECIFIED'
    | 'STATUS_PENDING'
    | 'STATUS_RUNNING'
    | 'STATUS_DONE'
    | 'STATUS_SKIPPED'
    | 'STATUS_FAILED'
    | 'STATUS_CANCELED';
  error?: Status | null;
  startTime?: string | null;
  endTime?: string | null;
}

export interface Playback {
  hlsUri: string;
  posterUri?: string;
  storyboardUri?: string;
  chaptersUri?: string;
  captions?: CaptionTrack[];
  renditions?: Rendition[];
}

export interface CaptionTrack {
  languageCode: string;
  uri: string;
}

export interface Rendition {
  name: string;
  width?: number;
  height?: number;
}

export interface Shot {
  id: string;
  startOffset?: string;
  endOffset?: string;
  thumbnailUri?: string;
}

export interface Chapter {
  id: string;
  startOffset?: string;
  endOffset?: string;
  title: string;
}

export interface Transcript {
  languageCode: string;
  source: 'SOURCE_UNSPECIFIED' | 'SOURCE_IMPORTED' | 'SOURCE_RECOGNIZED';
  model?: string;
  segments?: Segment[];
}

export interface Segment {
  id: string;
  startOffset?: string;
  endOffset?: string;
  text: string;
}

export interface Moment {
  video: string;
  videoTitle: string;
  cueId: string;
  kind: string;
  startOffset?: string;
  endOffset?: string;
  snippet?: { text: string; hit?: boolean }[];
  thumbnailUri?: string;
}

/** What the server, or the way to it, had to say; the message is for people. */
export class ApiError extends Error {
  constructor(
    /** The HTTP status, 0 where no answer came. */
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** What is dispatched on the window when the server asks who we are. */
export const signedOut = 'cuepoint-signed-out';

/** Sends a request and returns the JSON that it is answered with. Throws an ApiError. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(0, 'The server does not answer. Check that cuepoint is still running.');
  }
  if (!response.ok) {
    const status = (await response.json().catch(() => null)) as (Status & { detail?: string }) | null;
    throw new ApiError(response.status, status?.message || status?.detail || `The server answered ${response.status}.`);
  }
  return (await response.json()) as T;
}

/** Posts JSON. What changes something for who is signed in has to show their session's csrf. */
export function post<T>(path: string, body: object, csrf?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(csrf === undefined ? {} : { 'x-cuepoint-csrf': csrf }) };
  return request<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function get<T>(path: string, signal?: AbortSignal, query: Record<string, string> = {}): Promise<T> {
  const search = new URLSearchParams(query).toString();
  try {
    return await request<T>(search ? `${path}?${search}` : path, { signal: signal ?? null });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) dispatchEvent(new Event(signedOut));
    throw error;
  }
}

/** The id in the resource name "videos/{id}". */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

const path = (id: string) => `/v1/videos/${encodeURIComponent(id)}`;

/** One page of the library, newest first. */
export function listVideos(pageToken: string, signal?: AbortSignal) {
  return get<{ videos?: Video[]; nextPageToken?: string }>('/v1/videos', signal, { pageSize: '60', pageToken });
}

/** One video with everything found in it. */
export function getVideo(id: string, signal?: AbortSignal) {
  return get<Video>(path(id), signal);
}

/** What was said in a video, in its own language. */
export function getTranscript(id: string, signal?: AbortSignal) {
  return get<Transcript>(`${path(id)}/transcripts/-`, signal);
}

/** The moments that hold all words of a query, best first; in one video, or in all. */
export function searchMoments(query: string, id: string | undefined, signal?: AbortSignal) {
  return get<{ moments?: Moment[] }>('/v1/moments:search', signal, {
    query,
    pageSize: '50',
    ...(id === undefined ? {} : { video: `videos/${id}` }),
  });
}
