/** Reads a google.protobuf.Duration as JSON writes it, "12.345s", into seconds. */
export function seconds(duration: string | null | undefined): number {
  const value = Number.parseFloat(duration ?? '');
  return Number.isFinite(value) ? value : 0;
}

/** Writes seconds as people read them on a clock: "0:07", "12:30", "1:02:03". */
export function clock(value: number): string {
  const whole = Math.max(0, Math.floor(value));
  const pad = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0
    ? `${hours}:${pad(minutes)}:${pad(whole % 60)}`
    : `${minutes}:${pad(whole % 60)}`;
}

/** Writes seconds as people say them: "1 hour 2 minutes", "7 seconds". */
export function spoken(value: number): string {
  const whole = Math.max(0, Math.floor(value));
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ];
  const said = parts.filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}${n === 1 ? '' : 's'}`);
  return said.join(' ') || '0 seconds';
}

/** Writes an RFC 3339 timestamp as a date in the reader's own way. */
export function date(timestamp: string | null | undefined): string {
  const when = new Date(timestamp ?? '');
  return Number.isNaN(when.getTime()) ? '' : when.toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/**
 * Finds the span that holds a time among spans in order of time: the last one
 * that has begun. -1 before the first.
 */
export function indexAt(starts: readonly number[], time: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
