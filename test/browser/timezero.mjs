// Measures when a flash is seen, a beep is heard and a caption is shown, in
// seconds on the player's timeline. Usage: node timezero.mjs LINK VIDEO EVENTS, where
// LINK is one to sign in with and EVENTS is JSON: {"fps": 29.97, "flashes": [1, …]}.
// Prints one JSON object: {"buffered", "flashes", "beeps", "captions", "faults"}.
import { launch, openPage, report } from './chromium.mjs';

const [link, id, json] = process.argv.slice(2);
const { fps, flashes } = JSON.parse(json);

const browser = await launch();
try {
  // The recorder below is a worklet from a blob:, which the page's own policy forbids.
  const context = await browser.newContext({ bypassCSP: true });
  const { page, faults } = await openPage(context);
  await page.goto(link);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  const video = page.locator('video');
  await watch(page, video);
  const seen = await video.evaluate(findFlashes, { fps, flashes });
  let heard = await video.evaluate(listen);
  // On a machine that stutters nobody can tell when something was heard.
  for (let again = 0; again < 3 && heard.spread > 0.05; again++) {
    await watch(page, video);
    heard = await video.evaluate(listen);
  }
  report({ ...seen, ...heard, faults });
} finally {
  await browser.close();
}

/** Opens the video's page, and waits until it can be played. */
async function watch(page, video) {
  await page.goto(new URL(`/watch/${id}`, link).href);
  await video.evaluate((element) => {
    if (element.readyState >= 3) return undefined;
    return new Promise((resolve) => element.addEventListener('canplay', resolve, { once: true }));
  });
}

/**
 * Steps through the frames around each flash, and answers for each the time of
 * the first white one. Seeking makes it independent of how fast the machine is.
 */
async function findFlashes(video, { fps, flashes }) {
  const canvas = new OffscreenCanvas(16, 9);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  video.pause();

  const frameAt = (time) =>
    new Promise((resolve) => {
      video.requestVideoFrameCallback((_, { mediaTime }) => {
        context.drawImage(video, 0, 0, 16, 9);
        const { data } = context.getImageData(0, 0, 16, 9);
        let sum = 0;
        for (let i = 0; i < data.length; i += 4) sum += data[i + 1];
        resolve({ mediaTime, white: sum / (data.length / 4) > 128 });
      });
      video.currentTime = time;
    });

  const first = [];
  for (const flash of flashes) {
    let found = null;
    for (let step = -4; step <= 4 && found === null; step++) {
      const frame = await frameAt(flash + (step + 0.5) / fps);
      if (frame.white) found = step === -4 ? Number.NaN : frame.mediaTime;
    }
    first.push(found);
  }
  return { buffered: video.buffered.start(0), flashes: first };
}

/**
 * Plays from the start to the end, and answers when sound set in after silence
 * and when captions came up. The clock of the sound and that of the player are
 * compared all the time; the median of their difference maps one to the other.
 */
async function listen(video) {
  const recorder = `registerProcessor('onsets', class extends AudioWorkletProcessor {
    quiet = sampleRate; // samples since the last loud one
    process([input]) {
      const samples = input[0] ?? [];
      for (let i = 0; i < samples.length; i++) {
        if (Math.abs(samples[i]) < 0.1) { this.quiet++; continue; }
        if (this.quiet > sampleRate / 5) this.port.postMessage((currentFrame + i) / sampleRate);
        this.quiet = 0;
      }
      return true;
    }
  })`;
  const context = new AudioContext();
  await context.resume();
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([recorder], { type: 'text/javascript' })));
  const node = new AudioWorkletNode(context, 'onsets');
  context.createMediaElementSource(video).connect(node).connect(context.destination);
  const onsets = [];
  node.port.onmessage = ({ data }) => onsets.push(data);

  const captions = [];
  const track = [...video.textTracks].find(({ kind }) => kind === 'captions');
  track?.addEventListener('cuechange', () => {
    for (const cue of track.activeCues) {
      const known = captions.some(({ text }) => text === cue.text);
      if (!known && track.mode === 'showing') captions.push({ text: cue.text, start: cue.startTime, at: video.currentTime });
    }
  });

  const seeked = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
  video.currentTime = 0;
  await seeked;
  const offsets = [];
  const compare = setInterval(() => {
    if (!video.paused && !video.seeking && video.currentTime > 0.3) offsets.push(context.currentTime - video.currentTime);
  }, 20);
  const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }));
  await video.play();
  await ended;
  clearInterval(compare);
  offsets.sort((a, b) => a - b);
  const offset = offsets[offsets.length >> 1];
  const spread = offsets[Math.floor(offsets.length * 0.9)] - offsets[Math.floor(offsets.length * 0.1)];
  await context.close();
  return { beeps: onsets.map((onset) => onset - offset), captions, spread };
}
