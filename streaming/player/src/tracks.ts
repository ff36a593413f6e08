import type { CaptionTrack, Chapter } from './api';
import { seconds } from './time';

/** Where the captions are as they read now, with what people corrected in them. */
export function captionsURI(track: CaptionTrack): string {
  return `/v1/${track.transcript}:export?format=TRANSCRIPT_FORMAT_VTT`;
}

/** Writes chapters as WebVTT, which players take as a track. */
export function chaptersVTT(chapters: Chapter[]): Blob {
  const cues = chapters.map(
    (chapter) => `${stamp(chapter.startOffset)} --> ${stamp(chapter.endOffset)}\n${plain(chapter.title)}\n`,
  );
  return new Blob([['WEBVTT\n', ...cues].join('\n')], { type: 'text/vtt' });
}

function stamp(duration: string | undefined): string {
  return new Date(seconds(duration) * 1000).toISOString().slice(11, 23);
}

/** Makes a text one line in which nothing is markup. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
