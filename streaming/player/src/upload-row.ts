import { html, nothing, type TemplateResult } from 'lit';
import { idOf } from './api';
import { FileUpload } from './file-upload';
import { href } from './route';
import { bytes } from './size';
import { sentence } from './state';
import { clock } from './time';
import type { Upload } from './upload';
import * as icons from './icons';

/** Shows one upload. cancel ends it, or takes it off the list where it has ended. */
export function row(upload: Upload, cancel: (upload: Upload) => void): TemplateResult {
  const { state, ended, size, sent } = upload;
  const name = readable(upload.name);
  const tone = state === 'failed' ? 'bad' : state === 'stuck' || state === 'missing' ? 'warn' : 'calm';
  return html`<li class=${tone}>
    <h3><bdi>${name}</bdi></h3>
    <div class="buttons">
      ${upload instanceof FileUpload ? steer(upload, name) : nothing}
      ${state === 'finishing' ? nothing : button(icons.cross, `${ended ? 'Take off the list:' : 'Cancel'} ${name}`, () => cancel(upload))}
    </div>
    ${ended
      ? nothing
      : html`<progress aria-label=${`Progress of ${name}`} max=${size || 1} value=${size ? sent : nothing} ?data-still=${state !== 'sending'}></progress>`}
    <p>${standing(upload)}</p>
  </li>`;
}

function steer(upload: FileUpload, name: string) {
  switch (upload.state) {
    case 'sending':
    case 'waiting':
      return button(icons.pause, `Pause ${name}`, () => upload.pause());
    case 'paused':
      return button(icons.play, `Go on with ${name}`, () => upload.resume());
    case 'stuck':
      return button(icons.again, `Try again: ${name}`, () => upload.resume());
    default:
      return nothing;
  }
}

function button(icon: TemplateResult, label: string, click: () => void) {
  return html`<button aria-label=${label} title=${label} @click=${click}>${icon}</button>`;
}

/** Says where an upload stands, for people. */
function standing(upload: Upload) {
  const { state, sent, size, problem, video, duplicate } = upload;
  const again = `${sentence(problem).replace(/[.;]?$/, '.')} It is tried again.`;
  const far = size > 0 ? `${bytes(sent)} of ${bytes(size)}` : bytes(sent);
  switch (state) {
    case 'waiting':
      return `Waiting for its turn, ${far}`;
    case 'sending':
      if (problem) return again;
      return size > 0 && sent >= size ? 'All of it has come and is being looked at' : [far, ...pace(upload)].join(' · ');
    case 'paused':
      return `Paused, ${far}`;
    case 'missing':
      return `Stopped at ${far}. Drop or choose the same file again, and it goes on from there.`;
    case 'finishing':
      return problem ? again : 'All of it has come and becomes a video';
    case 'done':
      return html`${duplicate ? 'It was in the library already.' : 'It is in the library.'}
        <a href=${href({ page: 'watch', video: idOf(video), at: undefined, query: '' })}>Open the video</a>`;
    default:
      return sentence(problem);
  }
}

/** How fast it comes, and how long that takes yet. */
function pace({ speed, sent, size }: Upload): string[] {
  const { perSecond } = speed;
  if (perSecond < 1) return [];
  const left = size > sent ? [`${clock((size - sent) / perSecond)} left`] : [];
  return [`${bytes(perSecond)}/s`, ...left];
}

/** Makes a file's name fit to be shown, as the server does: without what controls terminals, or turns the direction of text. */
function readable(name: string): string {
  return name.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '\uFFFD');
}
