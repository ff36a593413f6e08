/** The files in what was dropped or chosen. */
export interface Dropped {
  files: File[];
  /** How much was left out: what is no file, and what lies in a folder and is neither video nor sound. */
  others: number;
}

/** The names that files have whose type browsers do not know; folders hold all sorts of others. */
const extensions = /\.(mp4|m4v|m4a|mov|qt|3gp|3g2|mkv|mka|webm|avi|divx|ts|mts|m2ts|mpg|mpeg|vob|m2p|flv|asf|wmv|wma|ogg|ogv|oga|opus|mp3|wav|aac|flac)$/i;

/** What a file chooser offers. */
export const accepted = 'video/*,audio/*,.mkv,.ts,.mts,.m2ts,.vob,.flv,.wmv,.m4v';

/** Reads what was dropped, folders with all that is in them. It has to be called while the event is handled. */
export async function filesIn(data: DataTransfer): Promise<Dropped> {
  const items = [...data.items].map((item) => ({ entry: item.kind === 'file' ? item.webkitGetAsEntry() : null, file: item.getAsFile() }));
  const dropped: Dropped = { files: [], others: 0 };
  for (const { entry, file } of items) {
    if (entry?.isDirectory) await collect(entry, dropped);
    else if (file) dropped.files.push(file);
    else dropped.others++;
  }
  return dropped;
}

/** Adds the videos and sounds in a folder, or a file of one. What cannot be read is left out. */
async function collect(entry: FileSystemEntry, into: Dropped): Promise<void> {
  if (entry.isDirectory) {
    for (const inside of await entriesOf(entry as FileSystemDirectoryEntry)) await collect(inside, into);
    return;
  }
  const file = await new Promise<File | undefined>((resolve) => (entry as FileSystemFileEntry).file(resolve, () => resolve(undefined)));
  if (file && (/^(video|audio)\//.test(file.type) || extensions.test(file.name))) into.files.push(file);
  else into.others++;
}

/** What is in a folder, by name. Browsers tell of it bit by bit. */
async function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (some.length === 0) return all.sort((a, b) => (a.name < b.name ? -1 : 1));
    all.push(...some);
  }
}
