const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Writes a number of bytes as people read it: "12.3 MB". */
export function bytes(count: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const value = count / 1000 ** power;
  const format = { style: 'unit', unit: units[power]!, maximumFractionDigits: power > 1 && value < 100 ? 1 : 0 } as const;
  return new Intl.NumberFormat(undefined, format).format(value);
}

/** How far back a speed looks, in milliseconds: less flickers, more lags behind. */
const span = 5000;

/** How fast a count goes up. */
export class Speed {
  private seen: { at: number; count: number }[] = [];

  /** Notes how far it is at a time, in milliseconds. */
  note(count: number, at: number): void {
    if (count < (this.seen.at(-1)?.count ?? 0)) this.seen = [];
    this.seen.push({ at, count });
    while (this.seen.length > 2 && this.seen[1]!.at < at - span) this.seen.shift();
  }

  /** Begins anew, after a break. */
  reset(): void {
    this.seen = [];
  }

  /** Per second; 0 until that can be told. */
  get perSecond(): number {
    const first = this.seen[0];
    const last = this.seen.at(-1);
    if (!first || !last || last.at - first.at < 500) return 0;
    return ((last.count - first.count) * 1000) / (last.at - first.at);
  }
}
