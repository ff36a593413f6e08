/** What the page asks of the server, by the client that other pages may use as well. */
import { ApiError, answer, createClient, errorOf, type Messages } from '../../../api/client/typescript/src/index';

export { ApiError, errorOf };

export type Video = Messages['Video'];
export type StageRun = Messages['StageRun'];
export type Playback = Messages['Playback'];
export type Shot = Messages['Shot'];
export type CaptionTrack = Messages['CaptionTrack'];
export type Chapter = Messages['Chapter'];
export type Transcript = Messages['Transcript'];
export type Segment = Messages['Segment'];
export type Moment = Messages['Moment'];
export type UploadMessage = Messages['Upload'];

const cuepoint = createClient({ baseUrl: location.origin });

/** What is dispatched on the window when the server asks who we are. */
export const signedOut = 'cuepoint-signed-out';

/** What is dispatched on the window when a video has come. */
export const videoAdded = 'cuepoint-video-added';

/** The data that a call is answered with. Throws an ApiError. */
async function answered<T>(call: Parameters<typeof answer<T>>[0]): Promise<T> {
  try {
    return await answer(call);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) dispatchEvent(new Event(signedOut));
    throw error;
  }
}

/** Sends a request about this browser's session and returns the JSON that it is answered with. Throws an ApiError. */
export function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const call = async () => {
    const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } });
    if (!response.ok) throw errorOf(response.status, await response.json().catch(() => null));
    return { data: (await response.json()) as T, response };
  };
  return answer(call());
}

/** In which requests that change something show the csrf of who is signed in. */
export const csrfHeader = 'x-cuepoint-csrf';

/** Posts JSON. What changes something for who is signed in has to show their session's csrf. */
export function post<T>(path: string, body: object, csrf?: string): Promise<T> {
  const headers = { 'content-type': 'application/json', ...(csrf === undefined ? {} : { [csrfHeader]: csrf }) };
  return request<T>(path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** The id in the resource name "videos/{id}". */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** One page of the library, newest first. */
export function listVideos(pageToken: string, signal: AbortSignal) {
  return answered(cuepoint.GET('/v1/videos', { params: { query: { pageSize: 60, pageToken } }, signal }));
}

/** One video with everything found in it. */
export function getVideo(video: string, signal: AbortSignal) {
  return answered(cuepoint.GET('/v1/videos/{video}', { params: { path: { video } }, signal }));
}

/** What was said in a video, in its own language. */
export function getTranscript(video: string, signal: AbortSignal) {
  return answered(cuepoint.GET('/v1/videos/{video}/transcripts/{transcript}', { params: { path: { video, transcript: '-' } }, signal }));
}

/** The moments that hold all words of a query, best first; in one video, or in all. */
export function searchMoments(query: string, id: string | undefined, signal: AbortSignal) {
  const video = id === undefined ? {} : { video: `videos/${id}` };
  return answered(cuepoint.GET('/v1/moments:search', { params: { query: { query, pageSize: 50, ...video } }, signal }));
}

/** The uploads that have not ended, newest first. */
export function listUploads() {
  return answered(cuepoint.GET('/v1/uploads', { params: { query: { pageSize: 1000, states: ['STATE_RECEIVING', 'STATE_FINISHING'] } } }));
}

/** How an upload stands. */
export function getUpload(upload: string, signal: AbortSignal) {
  return answered(cuepoint.GET('/v1/uploads/{upload}', { params: { path: { upload } }, signal }));
}

/** Has the server download a video. */
export function importVideo(sourceUri: string, csrf: string) {
  return answered(cuepoint.POST('/v1/uploads', { body: { sourceUri }, headers: { [csrfHeader]: csrf } }));
}

/** Cancels an upload. */
export function deleteUpload(upload: string, csrf: string) {
  return answered(cuepoint.DELETE('/v1/uploads/{upload}', { params: { path: { upload } }, headers: { [csrfHeader]: csrf } }));
}
