/** An upload that this browser began, and that may not have ended. */
export interface Begun {
  /** By which the server knows it. */
  id: string;
  name: string;
  /** Of the file, in bytes. */
  size: number;
  /** When the file was last changed, in milliseconds since 1970: it tells files of one name apart. */
  modified: number;
}

/** Says whether a file is the one that an upload began with, as far as a page can know. */
export function isFileOf(file: File, begun: Omit<Begun, 'id'>): boolean {
  return file.name === begun.name && file.size === begun.size && file.lastModified === begun.modified;
}

/**
 * Remembers the uploads that this browser began in one workspace of this server,
 * so that they can be gone on with after the page was left. Where a browser keeps
 * nothing they are forgotten.
 */
export class UploadMemory {
  private readonly key: string;

  constructor(
    workspace: string,
    private readonly storage: () => Storage = () => localStorage, // where reaching for it may throw
  ) {
    this.key = `cuepoint-uploads-${workspace}`;
  }

  all(): Begun[] {
    try {
      const kept: unknown = JSON.parse(this.storage().getItem(this.key) ?? '[]');
      return Array.isArray(kept) ? kept.filter(isBegun) : [];
    } catch {
      return [];
    }
  }

  /** Those that another tab has in hand, as far as the browser tells: it does over HTTPS, and on the server's own machine. */
  async elsewhere(): Promise<Set<string>> {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    return new Set(this.all().map(({ id }) => id).filter((id) => held.some(({ name }) => name === this.lock(id))));
  }

  /** Remembers one, which this tab has in hand from now on. */
  keep(begun: Begun): void {
    void navigator.locks?.request(this.lock(begun.id), { ifAvailable: true }, () => new Promise(() => undefined)); // until the tab goes
    this.write([...this.all().filter(({ id }) => id !== begun.id), begun]);
  }

  drop(id: string): void {
    this.write(this.all().filter((begun) => begun.id !== id));
  }

  private lock(id: string): string {
    return `${this.key}-${id}`;
  }

  private write(all: Begun[]): void {
    try {
      if (all.length > 0) this.storage().setItem(this.key, JSON.stringify(all));
      else this.storage().removeItem(this.key);
    } catch {
      // It is full, or not for pages: what is sent still arrives.
    }
  }
}

function isBegun(kept: unknown): kept is Begun {
  const begun = (kept ?? {}) as Record<string, unknown>;
  const { id, name, size, modified } = begun;
  return typeof id === 'string' && /^[0-9a-z]+$/.test(id) && typeof name === 'string' && typeof size === 'number' && typeof modified === 'number';
}
