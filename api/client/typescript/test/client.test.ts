/**
 * Asks the server at CUEPOINT_SERVER, with CUEPOINT_KEY, about its one video,
 * CUEPOINT_VIDEO: test/e2e starts it.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { ApiError, answer, createClient, watchVideo, type Messages } from '../src/index.js';

const baseUrl = process.env['CUEPOINT_SERVER'] ?? '';
const key = process.env['CUEPOINT_KEY'] ?? '';
const video = process.env['CUEPOINT_VIDEO'] ?? '';
const client = createClient({ baseUrl, key });

test('lists, reads and searches', async () => {
  const { videos } = await answer(client.GET('/v1/videos'));
  assert.deepEqual(videos.map(({ name }) => name), [`videos/${video}`]);
  const whole: Messages['Video'] = await answer(client.GET('/v1/videos/{video}', { params: { path: { video } } }));
  assert.equal(whole.state, 'STATE_READY');
  assert.equal(whole.shots.length, 2);
  const said = await answer(client.GET('/v1/videos/{video}/transcripts/{transcript}', { params: { path: { video, transcript: '-' } } }));
  assert.equal(said.segments[1]?.text, 'A fractal has no end.');
  const { moments } = await answer(client.GET('/v1/moments:search', { params: { query: { query: 'fractals', kinds: ['speech', 'chapter'] } } }));
  assert.equal(moments[0]?.startOffset, '3.200s');
});

test('changes what its owner says of a video', async () => {
  const changed = await answer(client.PATCH('/v1/videos/{video}', {
    params: { path: { video } }, body: { labels: { course: 'bees' } },
  }));
  assert.deepEqual(changed.labels, { course: 'bees' });
});

test('analyzes and watches', async () => {
  await answer(client.POST('/v1/videos/{video}:analyze', { params: { path: { video } }, body: { stages: ['chapters'], force: true } }));
  const told: Messages['WatchVideoResponse'][] = [];
  for await (const news of watchVideo(client, video)) told.push(news);
  assert.equal(told[0]?.video?.name, `videos/${video}`);
  const done = told.some(({ video, event }) =>
    [...(video?.stages ?? []), ...(event?.stage ? [event] : [])].some(({ stage, status }) => stage === 'chapters' && status === 'STATUS_DONE'));
  assert.ok(done, JSON.stringify(told));
});

test('says what went wrong', async () => {
  const failure = (call: Promise<unknown>) => call.then(() => assert.fail('it succeeded'), (error: ApiError) => ({ status: error.status, reason: error.reason }));
  const nobody = createClient({ baseUrl, key: `${key}x` });
  assert.deepEqual(await failure(answer(nobody.GET('/v1/videos'))), { status: 401, reason: 'UNAUTHENTICATED' });
  assert.deepEqual(await failure(answer(client.GET('/v1/videos/{video}', { params: { path: { video: 'none' } } }))), { status: 404, reason: 'NOT_FOUND' });
  assert.deepEqual(await failure(watchVideo(client, 'none').next()), { status: 404, reason: 'NOT_FOUND' });
  const away = createClient({ baseUrl: 'http://127.0.0.1:1' });
  assert.deepEqual(await failure(answer(away.GET('/v1/videos'))), { status: 0, reason: '' });
  const stopped = new AbortController();
  stopped.abort();
  await assert.rejects(answer(client.GET('/v1/videos', { signal: stopped.signal })), { name: 'AbortError' });
  await assert.rejects(watchVideo(client, video, stopped.signal).next(), { name: 'AbortError' });
});

test('goes on with a stream that breaks off', async () => {
  const asked: (string | null)[] = [];
  const server = createServer((request, response) => {
    const cursor = new URL(request.url ?? '', 'http://server').searchParams.get('cursor');
    asked.push(cursor);
    const from = Number(cursor) + 1;
    response.setHeader('content-type', 'application/json');
    response.write(`{"result":{"cursor":"${from}"}}\n{"result":{"cur`);
    response.write(`sor":"${from + 1}"}}\n`);
    if (from === 1) setTimeout(() => response.destroy(), 50);
    else if (from === 3) response.end('{"error":{"code":14,"message":"the server ends","details":[{"reason":"SHUTTING_DOWN"}]}}\n');
    else response.end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  try {
    const other = createClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    const cursors: string[] = [];
    for await (const { cursor } of watchVideo(other, 'v1')) cursors.push(cursor);
    assert.deepEqual(cursors, ['1', '2', '3', '4', '5', '6']);
    assert.deepEqual(asked, ['', '2', '4']);
  } finally {
    server.close();
  }
});
