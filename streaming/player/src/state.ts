import type { StageRun, Video } from './api';

/** Where a video stands, for people. */
export interface Standing {
  label: string;
  reason: string;
  tone: 'calm' | 'warn' | 'bad';
}

const waiting: StageRun['status'][] = ['STATUS_PENDING', 'STATUS_RUNNING', 'STATUS_UNSPECIFIED'];

/** Says whether a video's state will change by itself. */
export function inWork(video: Video): boolean {
  return ['STATE_UPLOADING', 'STATE_QUEUED', 'STATE_PROCESSING'].includes(video.state);
}

/** Says what is worth saying of a video's state: nothing of one that is ready. */
export function standing(video: Video): Standing | undefined {
  const reason = sentence(video.error?.message ?? '');
  switch (video.state) {
    case 'STATE_READY':
      return undefined;
    case 'STATE_UPLOADING':
      return { label: 'Uploading', reason: '', tone: 'calm' };
    case 'STATE_QUEUED':
      return { label: 'Queued', reason: '', tone: 'calm' };
    case 'STATE_PROCESSING':
      return { label: 'Processing', reason: progress(video.stages ?? []), tone: 'calm' };
    case 'STATE_PARTIAL':
      return { label: 'Partial', reason, tone: 'warn' };
    case 'STATE_FAILED':
      return { label: 'Failed', reason, tone: 'bad' };
    case 'STATE_CANCELED':
      return { label: 'Canceled', reason, tone: 'warn' };
    default:
      return { label: 'Not available', reason, tone: 'warn' };
  }
}

function progress(stages: StageRun[]): string {
  if (stages.length === 0) return '';
  const done = stages.filter((run) => !waiting.includes(run.status)).length;
  const running = stages.filter((run) => run.status === 'STATUS_RUNNING').map((run) => run.stage);
  const now = running.length > 0 ? `, now ${running.join(' and ')}` : '';
  return `${done} of ${stages.length} stages done${now}`;
}

/** Begins a message of the server's, which may be the end of another, as a sentence of its own. */
export function sentence(message: string): string {
  return message.charAt(0).toLocaleUpperCase() + message.slice(1);
}

/** What people call a stage's status. */
export const statusLabel: Record<StageRun['status'], string> = {
  STATUS_UNSPECIFIED: 'Unknown',
  STATUS_PENDING: 'Waiting',
  STATUS_RUNNING: 'Running',
  STATUS_DONE: 'Done',
  STATUS_SKIPPED: 'Skipped',
  STATUS_FAILED: 'Failed',
  STATUS_CANCELED: 'Canceled',
};
