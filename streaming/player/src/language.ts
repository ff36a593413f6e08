/** The name of a BCP 47 language in the reader's own: "English" for "en". */
export function languageName(code: string): string {
  if (code === '' || code === 'und') return 'Unknown language';
  try {
    return new Intl.DisplayNames(undefined, { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}
